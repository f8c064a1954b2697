"""What happens on the tour: the steps, in order."""

from mailctl.demo.firm import ALICE, BOB, CONTACT, DEVIS, FIRM, FRANCOIS, MAIRIE, PLAN, Mailbox
from mailctl.demo.servers import DemoServers
from mailctl.demo.step import Step
from mailctl.errors import Exit

SIGNATURE = """\
{{ collaborator.name }}
{{ collaborator.title }}
{{ firm }} · {{ account.address }}
"""

LETTER = """\
Hello François,

the plan of the ground floor is attached. May it go to the town hall?
"""

ANSWER = """\
Yes, it may. Well done!
"""

SUBJECT = "Lycée Ampère: plan of the ground floor"


def story(servers: DemoServers) -> tuple[Step, ...]:
    """All steps, for servers that run."""
    return (*provisioning(servers), *rights(), *mail(), *refusals(), *watching())


def provisioning(servers: DemoServers) -> tuple[Step, ...]:
    """A store, three collaborators, five accounts, two signatures."""
    return (
        Step(
            says="A store says who has which mailbox, and who may do what with it.",
            words=("init", "--firm", FIRM),
            shows=("made a store",),
        ),
        Step(
            says="Three people work there.",
            words=person("f.durand", "François Durand", FRANCOIS.address, "Director"),
            shows=("added the collaborator 'f.durand'",),
        ),
        Step(words=person("alice", "Alice Martin", ALICE.address, "Architect")),
        Step(words=person("bob", "Bob Roux", BOB, "Trainee")),
        Step(
            says="A group account is the firm's. The password is looked up where you say (keyring, command, variable).",
            words=account(CONTACT, servers, "--display-name", FIRM, *grants("f.durand:manage", "alice:organize,send")),
            shows=("added the account 'contact'",),
        ),
        Step(
            says="With --test, an account is added only if its servers accept the login.",
            words=account(DEVIS, servers, *grants("f.durand:manage", "alice:send"), "--test"),
        ),
        Step(
            says="A personal account has one owner, who may do everything with it.",
            words=account(FRANCOIS, servers, "--display-name", "François Durand", "--owner", "f.durand"),
        ),
        Step(words=account(ALICE, servers, "--display-name", "Alice Martin", "--owner", "alice")),
        Step(
            says="A checker-only account is watched, and neither sends nor fetches.",
            words=account(MAIRIE, servers, "--checker-only", *grants("alice:read")),
        ),
        Step(
            says="One signature for all who write through an account, each with her own name.",
            words=("signature", "set", "contact", "--text", "-"),
            typed=SIGNATURE,
        ),
        Step(words=("signature", "set", "devis", "--text", "-"), typed=SIGNATURE),
    )


def person(name: str, shown: str, email: str, title: str) -> tuple[str, ...]:
    """The words that add a collaborator."""
    return ("collaborator", "add", name, "--name", shown, "--email", email, "--title", title)


def account(mailbox: Mailbox, servers: DemoServers, *more: str) -> tuple[str, ...]:
    """The words that add an account on the demo's servers."""
    imap = ("--imap-host", servers.host, "--imap-port", str(servers.imap_port))
    smtp = ("--smtp-host", servers.host, "--smtp-port", str(servers.smtp_port))
    return (
        "account", "add", mailbox.account, "--address", mailbox.address,
        *imap, *(() if "--checker-only" in more else smtp), "--ca-file", str(servers.ca_file),
        "--password-env", mailbox.variable, *more,
    )  # fmt: skip


def grants(*each: str) -> tuple[str, ...]:
    """The options that give rights."""
    return tuple(word for one in each for word in ("--grant", one))


def rights() -> tuple[Step, ...]:
    """Who may do what."""
    return (
        Step(says="Rights can be given later too.", words=("rights", "grant", "contact", "bob", "read")),
        Step(
            says="Who may do what, at a glance.",
            words=("rights", "list"),
            shows=("contact\talice\torganize,send", "contact\tbob\tread"),
        ),
        Step(says="Is everything in the store as it should be?", words=("store", "check")),
        Step(
            says="You made the store, so you are its administrator, and may act as anybody: with --as.",
            words=("--as", "bob", "whoami"),
            shows=("bob", "contact"),
        ),
    )


def mail() -> tuple[Step, ...]:
    """A mail goes from one colleague to another and is answered."""
    return (
        Step(
            says="Alice writes from the firm's address, with an attachment; a copy goes to the town hall's mailbox.",
            words=(
                "--as", "alice", "send", FRANCOIS.address, "-a", "contact", "--cc", MAIRIE.address,
                "-s", SUBJECT, "--attach", PLAN,
            ),
            typed=LETTER,
        ),
        Step(
            says="François fetches his mail …",
            words=("--as", "f.durand", "fetch", "-a", "f.durand"),
        ),
        Step(says="… lists it …", words=("--as", "f.durand", "list", "-a", "f.durand"), shows=(SUBJECT,)),
        Step(
            says="… reads it: the signature is Alice's …",
            words=("--as", "f.durand", "read", "{id}"),
            newest="f.durand",
            shows=("May it go to the town hall?", "Alice Martin", PLAN),
        ),
        Step(
            says="… saves the plan …",
            words=("--as", "f.durand", "save", "{id}", "plans"),
            newest="f.durand",
            shows=(PLAN,),
        ),
        Step(
            says="… and answers.",
            words=("--as", "f.durand", "reply", "{id}"),
            newest="f.durand",
            typed=ANSWER,
        ),
        Step(
            says="Bob may read what comes to the firm's address.",
            words=("--as", "bob", "fetch", "-a", "contact"),
        ),
        Step(words=("--as", "bob", "list", "-a", "contact", "--folder", "INBOX"), shows=("François Durand", SUBJECT)),
    )  # fmt: skip


def refusals() -> tuple[Step, ...]:
    """What the rights do not allow."""
    return (
        Step(
            says="But he may not write from it. Each kind of failure has an exit status of its own.",
            words=("--as", "bob", "send", ALICE.address, "-a", "contact", "-s", "Hello"),
            typed="Hello!\n",
            status=Exit.PERMISSION,
            shows=("'bob' may not send with 'contact'", "hint: "),
        ),
    )


def watching() -> tuple[Step, ...]:
    """The checker-only account."""
    return (
        Step(
            says="A checker-only account refuses to send and to fetch, whoever asks …",
            words=("--as", "alice", "send", FRANCOIS.address, "-a", "mairie", "-s", "Hello"),
            typed="Hello!\n",
            status=Exit.PERMISSION,
        ),
        Step(
            words=("--as", "alice", "fetch", "-a", "mairie"),
            status=Exit.PERMISSION,
            shows=("'mairie' is a checker-only account",),
        ),
        Step(
            says="… but tells how much in it is unread; with --json, to a program.",
            words=("--as", "alice", "checker", "once", "--json"),
            shows=('"unread": 1',),
        ),
    )
