"""What is generated is up to date, and the completions complete in real shells."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

import docs
from docgen.walk import NOTE

SHELLS = docs.ROOT / "completions"
ENVIRON = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
BASH = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mailctl; printf "%s\\n" "${COMPREPLY[@]}"'


@pytest.mark.parametrize("name", docs.PAGES)
def test_what_is_generated_is_up_to_date(name):
    assert docs.current(docs.ROOT / name) == docs.PAGES[name](), "make docs"


@pytest.mark.parametrize("name", [name for name in docs.PAGES if name != "docs/ARCHITECTURE.md"])
def test_what_is_generated_says_so(name):
    assert NOTE in docs.current(docs.ROOT / name)


def test_every_page_that_a_page_points_to_is_there():
    for page in (docs.ROOT / "README.md", docs.ROOT / "CONTRIBUTING.md", *(docs.ROOT / "docs").glob("*.md")):
        for link in page.read_text().split("](")[1:]:
            target = link.partition(")")[0].partition("#")[0]
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", ["checker.md", "fetching.md"])
def test_every_test_that_a_page_names_is_there(page):
    rows = (docs.ROOT / "docs" / page).read_text().partition("## What it is tried against")[2].splitlines()
    named = [word for row in rows for word in re.findall(r"`([\w/]+\.py|test_\w+)`", row)]

    missing, source = [], ""
    for word in named:
        if word.endswith(".py"):
            file = docs.ROOT / "tests" / word
            source = file.read_text() if file.exists() else ""
            missing += [] if source else [word]
        elif f"def {word}(" not in source:
            missing.append(word)
    assert missing == []
    assert len(named) > 20


def run(*command: str, **environ: str) -> list[str]:
    """The lines that a shell prints; its complaints are a failure."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRON | environ)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.splitlines()


def in_bash(*words: str, **environ: str) -> list[str]:
    """What bash would offer for the last word."""
    return [line for line in run("bash", "-c", BASH, "bash", str(SHELLS / "mailctl.bash"), *words, **environ) if line]


def in_fish(line: str, **environ: str) -> list[str]:
    """What fish would offer at the end of a line, without descriptions."""
    script = f"source {SHELLS}/mailctl.fish; complete -C {line!r}"
    return [offer.partition("\t")[0] for offer in run("fish", "--no-config", "-c", script, **environ)]


def test_bash_knows_whose_completion_it_is():
    [line] = run("bash", "-c", f"source {SHELLS}/mailctl.bash; complete -p mailctl")

    assert line == "complete -F _mailctl mailctl"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param(["acc"], {"account"}, id="a command"),
        pytest.param(["account", "re"], {"rename", "remove"}, id="a subcommand"),
        pytest.param(["account", "list", "--j"], {"--json"}, id="an option"),
        pytest.param(["--st"], {"--store"}, id="an option of the program"),
        pytest.param(["account", "add", "x", "--kind", ""], {"group", "personal"}, id="a choice"),
        pytest.param(["account", "add", "x", "--kind", "=", "p"], {"personal"}, id="a choice behind ="),
        pytest.param(["account", "add", "x", "--provider", "gmx-"], {"gmx-de"}, id="a preset"),
        pytest.param(["rights", "grant", "contact", "bob", "s"], {"send"}, id="a right"),
        pytest.param(["rights", "grant", "contact", "bob", "read,s"], {"send"}, id="a second right"),
        pytest.param(["-q", "account", "sh"], {"show"}, id="behind an option of the program"),
        pytest.param(["account", "list", ""], set(), id="where nothing follows"),
        pytest.param(["nonsense", ""], set(), id="behind what is no command"),
    ],
)
def test_bash_completes(words, offered):
    assert set(in_bash("mailctl", *words)) == offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param(["account", "show", ""], {"billing", "carol", "contact", "watch"}, id="accounts"),
        pytest.param(["rights", "grant", "contact", "b"], {"bob"}, id="a collaborator, in second place"),
        pytest.param(["rights", "list", "-a", "con"], {"contact"}, id="an option's account"),
        pytest.param(["--as", "a"], {"alice"}, id="a collaborator of --as"),
        pytest.param(["account", "show", "contact", ""], set(), id="one account is enough"),
        pytest.param(["template", "show", ""], {"relance"}, id="templates"),
        pytest.param(["send", "--template", "r"], {"relance"}, id="an option's template"),
    ],
)
def test_bash_completes_names_of_the_store(firm, home, words, offered):
    (firm / "templates/relance.md").write_text("+++\n+++\nHello\n")

    assert set(in_bash("mailctl", *words, MAILCTL_HOME=str(home))) == offered


def test_bash_asks_the_store_that_is_named(firm, tmp_path):
    empty = str(tmp_path / "elsewhere")

    offered = in_bash("mailctl", "--store", str(firm), "account", "show", "con", MAILCTL_HOME=empty)

    assert offered == ["contact"]


def test_bash_is_silent_without_a_store(tmp_path):
    assert in_bash("mailctl", "account", "show", "", MAILCTL_HOME=str(tmp_path / "nowhere")) == []


def test_bash_completes_files_with_spaces(tmp_path):
    (tmp_path / "one firm.toml").touch()

    assert in_bash("mailctl", "apply", f"{tmp_path}/one") == [f"{tmp_path}/one firm.toml"]


@pytest.mark.parametrize("shell", ["bash", pytest.param("zsh", marks=pytest.mark.live)])
def test_completions_are_valid(shell):
    run(shell, "-n", str(SHELLS / f"mailctl.{shell}"))


@pytest.mark.live
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("mailctl acc", {"account"}, id="a command"),
        pytest.param("mailctl account re", {"remove", "rename"}, id="a subcommand"),
        pytest.param("mailctl account add x --kind ", {"group", "personal"}, id="a choice"),
        pytest.param("mailctl rights grant contact bob s", {"send"}, id="a right"),
        pytest.param("mailctl account show c", {"carol", "contact"}, id="accounts"),
        pytest.param("mailctl rights grant contact b", {"bob"}, id="a collaborator, in second place"),
        pytest.param("mailctl rights list -a con", {"contact"}, id="an option's account"),
    ],
)
def test_fish_completes(firm, home, tmp_path, line, offered):
    assert set(in_fish(line, MAILCTL_HOME=str(home), HOME=str(tmp_path))) == offered


@pytest.mark.live
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        pytest.param("mailctl acc", "mailctl account ", id="a command"),
        pytest.param("mailctl account ren", "mailctl account rename ", id="a subcommand"),
        pytest.param("mailctl account list --js", "mailctl account list --json ", id="an option"),
        pytest.param("mailctl account show con", "mailctl account show contact ", id="an account"),
        pytest.param("mailctl rights list -c b", "mailctl rights list -c bob ", id="an option's collaborator"),
        pytest.param("mailctl account add x --kind p", "mailctl account add x --kind personal ", id="a choice"),
    ],
)
def test_zsh_completes(firm, home, tmp_path, typed, completed):
    (tmp_path / "functions").mkdir()
    shutil.copy(SHELLS / "mailctl.zsh", tmp_path / "functions/_mailctl")
    environ = os.environ | ENVIRON | {"MAILCTL_HOME": str(home), "HOME": str(tmp_path), "TERM": "dumb"}
    zsh = pexpect.spawn("zsh", ["-f", "-i"], env=environ, encoding="utf-8", dimensions=(24, 300), timeout=20)
    zsh.expect("[%#] ")

    zsh.sendline(f"fpath=({tmp_path}/functions $fpath); autoload -U compinit; compinit -u -D; PS1='re''ady> '")
    zsh.expect_exact("ready> ")
    zsh.send(f"{typed}\t")
    zsh.expect_exact(completed)

    zsh.close(force=True)
