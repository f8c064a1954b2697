"""Entry point of `mailctl-sendmail`: sendmail(8)'s options, a message on standard input, without Typer."""

import os
import sys
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from mailctl import __version__
from mailctl.errors import (
    AccountNotFoundError,
    BadDataError,
    Exit,
    InterruptedByUserError,
    MailctlError,
    MessageRefusedError,
    StorageError,
    UsageError,
)
from mailctl.garbage import collect_less
from mailctl.process import begin
from mailctl.values import load_values

if TYPE_CHECKING:
    from mailctl.domain.dsn import Dsn
    from mailctl.services.context import Context
    from mailctl.services.local_mail import Call
    from mailctl.services.outbox import Row

PROGRAM = "mailctl-sendmail"
USAGE = 64  # EX_USAGE of sysexits.h, where mailctl has 2 as every shell tool
BUG_STATUS = 70  # EX_SOFTWARE
VALUED = frozenset("afrFBNRVOoLXChbeA")  # options with a value, glued or apart
KEPT = {"F": "full_name", "a": "account", "b": "mode", "N": "notify", "R": "returned", "V": "envelope_id"}
GLUED = frozenset("dq")  # options with a value that is glued or not there
FLAGS = frozenset("tinmGUv")
HELP = f"""usage: {PROGRAM} [-t] [-i] [-f ADDRESS] [-F NAME] [-a ACCOUNT] [--] [RECIPIENT]...

Reads a message from standard input and sends it through an account of mailctl, as sendmail(8) would.
  -t            take the recipients from To, Cc and Bcc too
  -i, -oi       a lone dot does not end the message
  -f, -r        the envelope's sender, which also chooses the account; '' or '<>' for the null sender
  -F            the name for a From header that has to be made
  -a            the account; else that of -f, of From, the store's [sendmail] account, the default one
  -odq          leave it in the outbox
  -bs           take messages by SMTP on standard input and output
  -bp, -q       list the outbox; send what is due in it
  -N, -R, -V    the reports that are wanted, what they bring back, and how they call the message
  --store DIR   the folder of TOML files; else MAILCTL_STORE
Exit status: 0 delivered or safe in the outbox, 64 usage or no recipient, 65 bad address, 69 refused for good,
75 could not be kept, 77 permission, 78 the store is at fault.
"""


class Options(NamedTuple):
    """What stood on the command line."""

    mode: str = "m"
    from_header: bool = False
    ignore_dots: bool = False
    queue: bool = False
    sender: str | None = None
    full_name: str = ""
    account: str | None = None
    store: Path | None = None
    notify: str = ""
    returned: str = ""
    envelope_id: str = ""
    recipients: tuple[str, ...] = ()


def main(arguments: list[str] | None = None) -> int:
    """Take one message, or list or flush the outbox; the exit status that callers of sendmail(8) expect."""
    if arguments is None:
        collect_less()
    words = begin(arguments)
    try:
        return run(words, os.environ)
    except KeyboardInterrupt:
        return report(InterruptedByUserError("interrupted"))
    except MailctlError as error:
        return report(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.OK
    except OSError as error:
        return report(StorageError(f"{error.filename or 'standard input'}: {error.strerror or error}"))
    except Exception as error:
        if os.environ.get("MAILCTL_DEBUG") == "1":
            raise
        tell("error", f"a fault in mailctl itself ({type(error).__name__}); MAILCTL_DEBUG=1 shows where")
        return BUG_STATUS


def run(words: list[str], environ: Mapping[str, str]) -> int:
    """Do what the options say."""
    if words in (["--help"], ["--version"]):
        sys.stdout.write(HELP if words == ["--help"] else f"{PROGRAM} {__version__}\n")
        return Exit.OK
    options = parsed(words)
    if Path(sys.argv[0]).name == "mailq":
        options = options._replace(mode="p")
    if options.mode not in ("m", "p", "q", "s"):
        raise UsageError(f"-b{options.mode} is not supported", hint="give the message on standard input, with -t or -i")
    load_values()
    from mailctl.login import login_name
    from mailctl.services.opening import opened

    context = opened(environ, login=login_name(), store=options.store, tell=tell, local_mail=True)
    match options.mode:
        case "p":
            return list_queue(context)
        case "q":
            return flush(context)
        case "s":
            return converse(options, context)
    return take(options, context)


# -- the options


def parsed(words: list[str]) -> Options:
    """The options in sendmail(8)'s way: clusters of letters, values glued or apart, recipients between them.

    Raises:
        UsageError: an option there is none of, or one without its value.
    """
    options, left = Options(), list(words)
    recipients: list[str] = []
    while left:
        word = left.pop(0)
        if word == "--":
            recipients += left
            break
        if word == "--store" and left:
            options = options._replace(store=Path(left.pop(0)))
        elif word.startswith("-") and len(word) > 1:
            options = after_word(options, word[1:], left)
        else:
            recipients.append(word)
    return options._replace(recipients=tuple(recipients))


def after_word(options: Options, letters: str, left: list[str]) -> Options:
    """The options after one word of them; what it wants is taken from the words left."""
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in GLUED:
            return options._replace(mode="q") if letter == "q" else options
        if letter in VALUED:
            if not letters and not left:
                raise UsageError(f"-{letter} wants a value", hint=f"{PROGRAM} --help")
            return after_value(options, letter, letters or left.pop(0))
        if letter not in FLAGS:
            raise UsageError(f"no such option '-{letter}'", hint=f"{PROGRAM} --help")
        options = options._replace(
            from_header=options.from_header or letter == "t", ignore_dots=options.ignore_dots or letter == "i"
        )
    return options


def after_value(options: Options, letter: str, value: str) -> Options:
    """The options after one with a value; what has no meaning here is accepted, as by every sendmail."""
    if letter in KEPT:
        return Options(**{**options._asdict(), KEPT[letter]: value})
    match letter, value:
        case (("f" | "r"), _):
            return options._replace(sender=value.rpartition("<")[2].strip().removesuffix(">"))
        case "o", "i":
            return options._replace(ignore_dots=True)
        case ("o", "dq") | ("O", "DeliveryMode=q" | "DeliveryMode=queue"):
            return options._replace(queue=True)
        case "O", "IgnoreDots" | "IgnoreDots=True" | "IgnoreDots=true":
            return options._replace(ignore_dots=True)
    return options


# -- what it does


def take(options: Options, ctx: "Context") -> int:
    """Send the message on standard input; 0 once it is delivered or safe in the outbox."""
    from mailctl.services.local_mail import hand_in

    stream = cast(BufferedIOBase, sys.stdin.buffer)  # its type has no read1
    message = ctx.outbox.aside(read_message(stream, ignore_dots=options.ignore_dots))
    posted = hand_in(ctx, message, call_of(options))
    if posted.failure is None:
        return Exit.OK
    if isinstance(posted.failure, MessageRefusedError):
        if not posted.sent.sent:
            return report(posted.failure)
        tell("warning", str(posted.failure))  # others have it: a caller that sees a failure would send it again
    return Exit.OK


def converse(options: Options, ctx: "Context") -> int:
    """Take messages by SMTP; 0 once the caller said goodbye."""
    from mailctl.services.conversation import Conversation

    Conversation(ctx, sys.stdin.buffer, sys.stdout.buffer, call_of(options)).hold()
    return Exit.OK


def reports(options: Options) -> "Dsn | None":
    """The reports that are wanted (RFC 3461).

    Raises:
        UsageError: they cannot be.
    """
    from mailctl.domain.dsn import Dsn, Return, parse

    if not (options.notify or options.returned or options.envelope_id):
        return None
    try:
        notify = parse(options.notify).notify if options.notify else ()
        returned = Return(options.returned.lower()) if options.returned else None
    except (BadDataError, ValueError) as error:
        raise UsageError(f"bad -N or -R: {error}", hint="-N failure,delay,success or never; -R full or hdrs") from error
    return Dsn(notify=notify, returned=returned, id=options.envelope_id)


def call_of(options: Options) -> "Call":
    """The options that go with a message."""
    from mailctl.services.local_mail import Call

    return Call(
        recipients=options.recipients,
        from_header=options.from_header,
        sender=options.sender,
        full_name=options.full_name,
        account=options.account,
        queue=options.queue,
        dsn=reports(options),
    )


def read_message(stream: BufferedIOBase, *, ignore_dots: bool) -> Iterator[bytes]:
    """The message in blocks, CRLF at its lines' ends; without `-i` a lone dot ends it, so that one can type it."""
    from mailctl.domain.line_ends import in_crlf, until_dot

    coming = blocks_of(stream)
    return in_crlf(coming if ignore_dots else until_dot(coming))


def blocks_of(stream: BufferedIOBase) -> Iterator[bytes]:
    """What comes on a stream, as soon as some is there.

    Raises:
        StorageError: it cannot be read.
    """
    from mailctl.domain.content import BLOCK

    try:
        yield from iter(lambda: stream.read1(BLOCK), b"")
    except OSError as error:
        raise StorageError(f"standard input: {error.strerror or error}") from error


def list_queue(ctx: "Context") -> int:
    """Print what is in the outbox, as mailq(1) does."""
    from mailctl.services.outbox import list_

    rows = list_(ctx)
    sys.stdout.write("".join(map(as_mailq, rows)) or "Mail queue is empty\n")
    sys.stdout.flush()
    return Exit.OK


def as_mailq(row: "Row") -> str:
    """An entry as mailq(1) shows it."""
    lines = [f"{row.id}\t{row.state}\t{row.created:%a %b %d %H:%M:%S}  {row.account}"]
    lines += [f"\t({row.last_reply})"] if row.last_reply else []
    lines += [f"\t{recipient}" for recipient in row.recipients]
    return "".join(f"{printable(line)}\n" for line in lines)


def flush(ctx: "Context") -> int:
    """Try what is due in the outbox; 75 when some of it did not go."""
    from mailctl.services import outbox

    found = outbox.flush(ctx)
    for one in found:
        if one.error:
            tell("warning", f"{one.id}: {one.error}")
    return Exit.TEMPORARY if outbox.failure(found) else Exit.OK


# -- what it says


def printable(text: str) -> str:
    """A text of which nothing but tabs steers a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in text)


def tell(kind: str, line: str) -> None:
    """One line on stderr, whatever it can hold."""
    text = ": ".join(filter(None, (PROGRAM, kind, printable(line).replace("\t", " ")))) + "\n"
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))


def report(error: MailctlError) -> int:
    """Show a failure; give back the exit status that tells callers of sendmail(8) what to do."""
    tell("error", str(error))
    if error.hint:
        tell("hint", error.hint)
    match error:
        case UsageError():
            return USAGE
        case MessageRefusedError():
            return Exit.UNAVAILABLE
        case StorageError():
            return Exit.TEMPORARY
        case AccountNotFoundError():
            return Exit.STORE
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
