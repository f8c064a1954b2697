"""The verdict on a message: the affair it belongs to and why, or the affairs it may belong to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.affair import Affair, RuleKind, State, folded, rule_of
from mailctl.domain.references import References

MOST_CANDIDATES = 20


class Step(StrEnum):
    """What a message was filed by; the first that says anything decides, in this order."""

    THREAD = "thread"
    CONTACT = "contact"
    SUBJECT = "subject"
    BODY = "body"


class Letter(Struct, frozen=True, kw_only=True):
    """A message as the rules look at it.

    `sender` and `recipients` are addresses, `ancestors` Message-IDs, the one it answers last, `thread` what its
    conversation is known by; `body` gives its text, and is asked only where nothing else decided.
    """

    key: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    list_id: str = ""
    ancestors: tuple[str, ...] = ()
    thread: str | None = None
    body: Callable[[], str] = str


class Reason(Struct, frozen=True, kw_only=True):
    """Why a message may belong to an affair."""

    affair: str
    step: Step
    why: str


class Verdict(Struct, frozen=True, kw_only=True):
    """Where a message belongs: one affair and why, or several it may belong to, or neither."""

    affair: str | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def is_unsure(self) -> bool:
        """Whether somebody has to say which of several affairs is meant."""
        return self.affair is None and bool(self.reasons)


NOWHERE = Verdict()


class Filing:
    """The affairs of a firm and the mail that is filed already, made ready once for the verdicts on many messages."""

    def __init__(
        self,
        affairs: Iterable[Affair],
        *,
        links: Mapping[str, Sequence[str]] | None = None,
        threads: Mapping[str, Sequence[str]] | None = None,
        own_addresses: Iterable[str] = (),
        own_domains: Iterable[str] = (),
        is_refused: Callable[[str, str], bool] = lambda _ref, _key: False,
    ) -> None:
        """Make it ready.

        Args:
            affairs: all of them; closed ones take only what answers their mail.
            links: Message-ID → the references of its affairs.
            threads: what a conversation is known by → the same.
            own_addresses: of the firm; nobody's mail is filed for being from or to them.
            own_domains: the same; none that others have addresses in, such as gmail.com.
            is_refused: whether a message was taken out of an affair by hand, of reference and key.
        """
        self.is_refused = is_refused
        self.affairs = {one.ref: one for one in affairs}
        self.links = {key: tuple(refs) for key, refs in (links or {}).items()}
        self.threads = {key: tuple(refs) for key, refs in (threads or {}).items()}
        self.own_addresses = frozenset(folded(one) for one in own_addresses)
        self.own_domains = tuple(f".{folded(one)}" for one in own_domains)
        self.addresses: dict[str, dict[str, None]] = {}
        self.domains: dict[str, dict[str, None]] = {}
        self.lists: dict[str, dict[str, None]] = {}
        self.phrases: dict[str, dict[str, None]] = {}
        taking = [one for one in self.affairs.values() if one.state is not State.CLOSED]
        for affair in taking:
            self.enter(affair)
        self.references = References(one.ref for one in taking)
        self.excluded = {
            one.ref: tuple(rule_of(text) for text in one.exceptions) for one in self.affairs.values() if one.exceptions
        }
        self.known: dict[str, tuple[Reason, ...]] = {}

    def enter(self, affair: Affair) -> None:
        """Note whose mail an affair takes."""
        tables = {
            RuleKind.FROM: self.addresses,
            RuleKind.DOMAIN: self.domains,
            RuleKind.SUBJECT: self.phrases,
            RuleKind.LIST: self.lists,
        }
        for rule in (*map(rule_of, affair.match), *affair.contacts):
            tables[rule.kind].setdefault(folded(rule.text), {})[affair.ref] = None

    def take(self, letter: Letter, ref: str) -> None:
        """Note that a message is filed, so that what answers it follows."""
        for table, key in ((self.links, letter.key), (self.threads, letter.thread)):
            if key:
                table[key] = tuple(dict.fromkeys((*table.get(key, ()), ref)))

    # -- the verdict

    def verdict(self, letter: Letter) -> Verdict:
        """Where a message belongs.

        The first step that names one affair decides. Where it names several, a later one may choose among them; none
        is guessed.
        """
        found: tuple[Reason, ...] = ()
        for step in (self.by_thread, self.by_contact, self.by_subject, self.by_body):
            reasons = self.allowed(letter, step(letter))
            if not reasons:
                continue
            refs = {one.affair for one in reasons}
            common = refs.intersection(one.affair for one in found) if found else refs
            if len(common) == 1:
                [ref] = common
                return Verdict(affair=ref, reasons=tuple(one for one in reasons if one.affair == ref))
            found = narrowed(found, reasons)
        return Verdict(reasons=found[:MOST_CANDIDATES]) if found else NOWHERE

    def allowed(self, letter: Letter, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """The reasons without those of affairs that a message is excluded from, or was taken out of by hand."""
        if not reasons:
            return reasons
        return tuple(
            one
            for one in reasons
            if not self.is_refused(one.affair, letter.key)
            and not any(rule.fits(letter) for rule in self.excluded.get(one.affair, ()))
        )

    def by_thread(self, letter: Letter) -> tuple[Reason, ...]:
        """The affairs of the nearest message it answers, else of its conversation; closed ones too."""
        for ancestor in reversed(letter.ancestors):
            if ancestor in self.links:
                return self.reasons(self.links[ancestor], Step.THREAD, f"it answers {ancestor}")
        if letter.thread is not None and letter.thread in self.threads:
            return self.reasons(self.threads[letter.thread], Step.THREAD, "its conversation is filed there")
        return ()

    def reasons(self, refs: Iterable[str], step: Step, why: str) -> tuple[Reason, ...]:
        """One reason for several affairs, those that there are."""
        return tuple(Reason(affair=ref, step=step, why=why) for ref in refs if ref in self.affairs)

    def by_contact(self, letter: Letter) -> tuple[Reason, ...]:
        """The affairs of its list, else of its sender, else of whom it went to."""
        if letter.list_id and (refs := self.lists.get(folded(letter.list_id.strip("<>")))):
            return self.reasons(refs, Step.CONTACT, f"the list {letter.list_id.strip('<>')}")
        found = self.of_contact(letter.sender)
        if found or not letter.recipients:
            return found
        every = [reason for address in letter.recipients for reason in self.of_contact(address)]
        return tuple({one.affair: one for one in reversed(every)}.values())[::-1]

    def of_contact(self, address: str) -> tuple[Reason, ...]:
        """The affairs of an address, else of its domain; one's own are nobody's contact."""
        if address not in self.known:
            self.known[address] = self.looked_up(folded(address))
        return self.known[address]

    def looked_up(self, address: str) -> tuple[Reason, ...]:
        """The affairs of a folded address."""
        domain = address.rpartition("@")[2]
        if not domain or address in self.own_addresses or f".{domain}".endswith(self.own_domains):
            return ()
        if refs := self.addresses.get(address):
            return self.reasons(refs, Step.CONTACT, address)
        for above in domains_above(domain):
            if refs := self.domains.get(above):
                return self.reasons(refs, Step.CONTACT, f"{address}, of {above}")
        return ()

    def by_subject(self, letter: Letter) -> tuple[Reason, ...]:
        """The affairs whose reference, or words that a rule names, stand in the subject."""
        refs = self.references.within(letter.subject, weak=True)
        found = {ref: Reason(affair=ref, step=Step.SUBJECT, why=f"'{ref}' in the subject") for ref in refs}
        if self.phrases:
            subject = folded(letter.subject)
            for phrase, named in self.phrases.items():
                if phrase in subject:
                    for reason in self.reasons(named, Step.SUBJECT, f"'{phrase}' in the subject"):
                        found.setdefault(reason.affair, reason)
        return tuple(found.values())

    def by_body(self, letter: Letter) -> tuple[Reason, ...]:
        """The affairs whose reference stands in the text."""
        text = letter.body()
        if not text:
            return ()
        refs = self.references.within(text, weak=False)
        return tuple(Reason(affair=ref, step=Step.BODY, why=f"'{ref}' in the text") for ref in refs)


def narrowed(found: tuple[Reason, ...], reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The candidates once one more step was asked: those that it names too, all of both where they contradict."""
    common = {one.affair for one in found}.intersection(one.affair for one in reasons)
    if not common:
        return (*found, *reasons)
    return tuple(one for one in found if one.affair in common)


def domains_above(domain: str) -> Iterator[str]:
    """A domain and those it lies in, the nearest first."""
    rest = domain
    while rest:
        yield rest
        rest = rest.partition(".")[2]


def would_take(affair: Affair, letter: Letter, *, own_addresses: Iterable[str], own_domains: Iterable[str]) -> bool:
    """Whether an affair alone, were it open, would take a message that stands in no thread."""
    alone = Filing((replace(affair, state=State.OPEN),), own_addresses=own_addresses, own_domains=own_domains)
    return alone.verdict(letter).affair is not None
