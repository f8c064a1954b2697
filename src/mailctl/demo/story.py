"""What happens on the tour: the steps, in order."""

from mailctl.demo.firm import ALICE, BOB, CONTACT, DEVIS, DOWNLOADS, FIRM, FRANCOIS, MAIRIE, PLAN, Mailbox
from mailctl.demo.step import IMAP_SERVER, SERVERS, Step
from mailctl.errors import Exit

SIGNATURE = """\
{{ collaborator.name }}
{{ collaborator.title }}
{{ firm }} · {{ account.address }}
"""

LETTER = "The plan of the ground floor is attached. May it go to the town hall?\n"
ANSWER = "Yes, it may. Well done!\n"
SUBJECT = "Lycée Ampère: plan of the ground floor"


def story() -> tuple[Step, ...]:
    """All steps."""
    return (*people(), *accounts(), *signatures(), *rights(), *mail(), *refusals(), *watching())


def people() -> tuple[Step, ...]:
    """A store, and three collaborators."""
    return (
        Step(
            says="A store says who has which mailbox, and who may do what with it.",
            words=("init", "--firm", FIRM),
            shows=("made a store",),
        ),
        Step(
            says="Three people work in this firm.",
            words=person("f.durand", "François Durand", FRANCOIS.address, "Director"),
            shows=("added the collaborator 'f.durand'",),
        ),
        Step(words=person("alice", "Alice Martin", ALICE.address, "Architect")),
        Step(words=person("bob", "Bob Roux", BOB, "Trainee")),
    )


def person(name: str, shown: str, email: str, title: str) -> tuple[str, ...]:
    """The words that add a collaborator."""
    return ("collaborator", "add", name, "--name", shown, "--email", email, "--title", title)


def accounts() -> tuple[Step, ...]:
    """Two group accounts, two personal ones, and one that is only watched."""
    return (
        Step(
            says="Group accounts are the firm's. No password is in the store: here they come from variables.",
            words=account(CONTACT, "--display-name", FIRM, *grants("f.durand:manage", "alice:organize,send")),
            shows=("added the account 'contact'",),
        ),
        Step(words=account(DEVIS, *grants("alice:send"), "--test"), shows=("logged in at", "added the account")),
        Step(
            says="Personal accounts have one owner, who has every right on them.",
            words=account(FRANCOIS, "--display-name", "François Durand", "--owner", "f.durand"),
        ),
        Step(words=account(ALICE, "--display-name", "Alice Martin", "--owner", "alice")),
        Step(
            says="A checker-only account is one that nobody reads all day: mailctl tells when it holds unread mail.",
            words=account(MAIRIE, "--checker-only", *grants("alice:read,send"), servers=IMAP_SERVER),
        ),
    )


def account(mailbox: Mailbox, *more: str, servers: str = SERVERS) -> tuple[str, ...]:
    """The words that add an account on the demo's servers."""
    secret = ("--password-env", mailbox.variable)
    return ("account", "add", mailbox.account, "--address", mailbox.address, *more, *secret, servers)


def grants(*each: str) -> tuple[str, ...]:
    """The options that give rights."""
    return tuple(word for one in each for word in ("--grant", one))


def signatures() -> tuple[Step, ...]:
    """One signature in text, one in Markdown."""
    return (
        Step(
            says="All who write through an account share its signature, each with her own name and title.",
            words=("signature", "set", "contact", "--text", "-"),
            typed=SIGNATURE,
        ),
        Step(words=("signature", "set", "devis", "--markdown", "-"), typed="**{{ collaborator.name }}**, {{ firm }}\n"),
    )


def rights() -> tuple[Step, ...]:
    """Who may do what."""
    return (
        Step(
            says="Rights can be given later, too. This is who may do what, in a store without faults:",
            words=("rights", "grant", "contact", "bob", "read"),
        ),
        Step(words=("rights", "list"), shows=("ros-   r---  rosm",)),
        Step(words=("store", "check"), shows=("valid",)),
        Step(
            says="You made the store, so you are its administrator, and may act for anybody: with --as.",
            words=("--as", "bob", "whoami"),
            shows=("Bob Roux", "contact=read"),
        ),
    )


def mail() -> tuple[Step, ...]:
    """A mail goes from one colleague to another, and is answered."""
    return (
        Step(
            says="Alice writes from the firm's address, with an attachment, and a copy to the town hall.",
            words=(
                "--as", "alice", "send", FRANCOIS.address, "-a", "contact", "--cc", MAIRIE.address,
                "-s", SUBJECT, "--attach", PLAN,
            ),
            typed=LETTER,
            shows=("sent to",),
        ),
        Step(
            says="François fetches his mail and reads it; the signature has come along, with Alice's name.",
            words=francois("fetch", "-a", "f.durand"),
        ),
        Step(words=francois("list", "-a", "f.durand"), shows=(SUBJECT,)),
        Step(
            words=francois("read", "{id}"),
            newest="f.durand",
            shows=("May it go to the town hall?", "Alice Martin", "Architect", PLAN),
        ),
        Step(
            says="He saves the plan, and answers.",
            words=francois("save", "{id}", DOWNLOADS),
            newest="f.durand",
            shows=(f"{DOWNLOADS}/{PLAN}",),
        ),
        Step(words=francois("reply", "{id}"), newest="f.durand", typed=ANSWER, shows=("sent to",)),
        Step(says="Bob may read what comes to the firm's address …", words=("--as", "bob", "fetch", "-a", "contact")),
        Step(words=("--as", "bob", "list", "-a", "contact"), shows=("François Durand", f"Re: {SUBJECT}")),
    )  # fmt: skip


def francois(*words: str) -> tuple[str, ...]:
    """The words of a command that François gives."""
    return ("--as", "f.durand", *words)


def refusals() -> tuple[Step, ...]:
    """What the rights do not allow."""
    return (
        Step(
            says="… but not write from it. Each kind of failure has its own exit status, and says what to do.",
            words=("--as", "bob", "send", ALICE.address, "-a", "contact", "-s", "Hello"),
            typed="Hello!\n",
            status=Exit.PERMISSION,
            shows=("'bob' may not send with 'contact'", "hint: f.durand can grant it"),
        ),
    )


def watching() -> tuple[Step, ...]:
    """The checker-only account."""
    return (
        Step(
            says="From a checker-only account nobody sends or fetches, whatever her rights …",
            words=("--as", "alice", "send", FRANCOIS.address, "-a", "mairie", "-s", "Hello"),
            typed="Hello!\n",
            status=Exit.PERMISSION,
            shows=("'mairie' is a checker-only account",),
        ),
        Step(
            words=("--as", "alice", "fetch", "-a", "mairie"),
            status=Exit.PERMISSION,
            shows=("'mairie' is a checker-only account",),
        ),
        Step(
            says="… but what is unread in it is told, and stays unread. For a program, add --json, as everywhere.",
            words=("--as", "alice", "checker", "once"),
            shows=("mairie   ok     1",),
        ),
    )
