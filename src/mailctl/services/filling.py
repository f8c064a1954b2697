"""A template made ready once, and filled for one mail after the other."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from msgspec.structs import replace

from mailctl.domain.address import CONTROL, Address, parse
from mailctl.domain.filled_page import Frame, cut, worded
from mailctl.domain.inline import cid_of, images_in, type_of, with_cids
from mailctl.domain.jinja import Ready, ready
from mailctl.domain.message import Attachment, Draft
from mailctl.domain.template import Template, Value, Variable, missing, unknown, value_of
from mailctl.errors import BadDataError, TemplateFaultError, nearest
from mailctl.store.decode import Source
from mailctl.store.lines import line_of
from mailctl.store.templates import attached, first_line

Values = Mapping[str, object]
NOTHING = Draft()
WITHIN = "template"
BLANKS = re.compile(r"\{[{%#]")
NAMED = re.compile(r"(.*)<([^<>]*)>\s*", re.DOTALL)
UNSUBSCRIBE = re.compile(r"(?:https?://|mailto:)[!#-;=?-~]+", re.IGNORECASE)
MOST_FRAMES = 200  # kept; a text with so many turns is read anew at times
MOST_FILES = 20  # kept, of those that go along with every mail


class Blank(NamedTuple):
    """One text of the front matter: where it stands, and what it becomes."""

    key: str
    line: int
    filled: Callable[[Values], str]


class Mailbox(NamedTuple):
    """A recipient: name, where one is written apart, and address."""

    name: Blank | None
    spec: Blank

    def try_out(self, values: Values) -> None:
        """Fill both; what they come to is not looked at.

        Raises:
            TemplateFaultError: one cannot be filled.
        """
        self.spec.filled(values)
        if self.name:
            self.name.filled(values)


class Shown(NamedTuple):
    """The page of a text, its values left out, and the images in it."""

    frame: Frame
    images: tuple[Attachment, ...]


class Filler:
    """A template with all but its variables; filled ten thousand times, it is read once."""

    def __init__(
        self, template: Template, source: Source, fixed: Values, *, fragments: Callable[[str], str], folder: Path
    ) -> None:
        """Make it ready.

        Args:
            template: what its file says.
            source: the text of its front matter.
            fixed: what it may name beside its variables.
            fragments: gives the text of a fragment.
            folder: the store's templates/.

        Raises:
            TemplateFaultError: a mistake in it, or a name that nothing has.
        """
        self.template = template
        self.source = source
        self.fixed = fixed
        self.fragments = fragments
        self.folder = folder
        self.frames: dict[tuple[str, ...], Shown] = {}
        self.files: dict[str, bytes] = {}
        self.known = {**fixed, **template.variables, "variables": template.variables}
        self.body = self.made(template.body, first_line(source))
        self.subject = self.blank(("subject",), template.subject)
        self.unsubscribe = self.blank(("unsubscribe",), template.unsubscribe or "")
        self.attachments = [self.blank(("attachments",), one) for one in template.attachments]
        self.mailboxes = {
            key: [self.mailbox(key, one) for one in getattr(template, key)] for key in ("to", "cc", "bcc", "reply_to")
        }

    # -- made ready

    def made(self, text: str, line: int) -> Ready:
        """A text made ready, its names known.

        Raises:
            TemplateFaultError: it is faulty, or names what is not there.
        """
        language = self.template.language
        where = self.source.file
        made = ready(
            text,
            where=where,
            first_line=line,
            fragments=self.fragments,
            filters={name: lazily(name, language) for name in ("date", "amount", "number")},
            show=lambda value: str(lazily("shown", language)(value)),
        )
        for path, place in sorted(made.names, key=lambda one: (one[1], len(one[0]))):
            if what := unknown_step(path, self.known):
                raise made.fault(what, place, hint=f"it may use {', '.join(sorted(self.known))}")
        return made

    def blank(self, path: tuple[str, ...], text: str) -> Blank:
        """One text of the front matter."""
        line = line_of(self.source.text, path)
        if not BLANKS.search(text):
            return Blank(path[0], line, lambda _: text)
        return Blank(path[0], line, self.made(text, line).text)

    def mailbox(self, key: str, text: str) -> Mailbox:
        """One recipient: `{{ name }} <{{ address }}>` has two texts, so that no name can hold an address."""
        parts = NAMED.fullmatch(text)
        name = self.blank((key,), parts[1].strip()) if parts and parts[1].strip() else None
        return Mailbox(name, self.blank((key,), parts[2] if parts else text))

    # -- asked for

    def missing(self, variables: Mapping[str, str]) -> tuple[Variable, ...]:
        """The variables that have no default, and of which nothing is said."""
        return missing(self.template, variables)

    def refuse_unknown(self, variables: Mapping[str, str]) -> None:
        """Refuse a name that is no variable's; `draft` leaves those alone, as a table has more columns.

        Raises:
            BadDataError: with the nearest name.
        """
        if what := unknown(self.template, variables):
            names = ", ".join(self.template.variables) or "none"
            raise BadDataError(f"template '{self.template.name}': {what}", hint=f"its variables: {names}")

    # -- filled

    def draft(self, variables: Mapping[str, str], *, start: Draft = NOTHING) -> Draft:
        """The mail, its blanks filled.

        Args:
            variables: as they were typed, or stand in a table; names that are no variable's are not looked at.
            start: what was said beside: its recipients and its subject go before the template's.

        Raises:
            BadDataError: variables are missing, or one is not what it has to be.
            TemplateFaultError: the template cannot be filled so; file and line are named.
            InputMissingError: an attachment is not there.
        """
        values = self.values(variables)
        pieces = self.body.pieces(values)
        page, images = self.page(pieces)
        return replace(
            start,
            to=start.to or self.addresses("to", values),
            cc=start.cc or self.addresses("cc", values),
            bcc=start.bcc or self.addresses("bcc", values),
            reply_to=start.reply_to or self.addresses("reply_to", values),
            subject=start.subject or self.one_line(self.subject, values),
            body="".join(pieces),
            html=page,
            images=(*start.images, *images),
            attachments=(*start.attachments, *self.attached(values)),
            headers=(*start.headers, *self.headers(values)),
        )

    def values(self, variables: Mapping[str, str]) -> Values:
        """All that the template may name.

        Raises:
            BadDataError: variables are missing, or one is not what it has to be.
        """
        if lacking := self.missing(variables):
            names = ", ".join(f"'{one.name}'" for one in lacking)
            words = " ".join(f"--var {one.name}=…" for one in lacking)
            raise BadDataError(f"template '{self.template.name}' needs {names}", hint=words)
        given: dict[str, Value] = {}
        for name, one in self.template.variables.items():
            text = variables.get(name)
            if not text and one.default is not None and (text is None or one.kind != "text"):
                text = one.default_text
            given[name] = value_of(one, text or "", self.template.language)
        return {**self.fixed, **given, "variables": given}

    def page(self, pieces: tuple[str, ...]) -> tuple[str, tuple[Attachment, ...]]:
        """The HTML of the filled text, and the images that it shows."""
        literals = pieces[::2]
        shown = self.frames.get(literals)
        try:
            if shown is None:
                if len(self.frames) == MOST_FRAMES:
                    self.frames.clear()
                shown = self.frames[literals] = self.framed(literals)
            return shown.frame.filled(pieces[1::2]), shown.images
        except BadDataError as error:
            raise self.fault(str(error), self.body.first_line, hint=error.hint) from error

    def framed(self, literals: tuple[str, ...]) -> Shown:
        """The page of a text without its values."""
        page, word = worded(literals)
        if "<img" not in page.lower():
            return Shown(cut(page, word), ())
        names = images_in(page, folder="the store's templates/")
        images = tuple(
            Attachment(
                filename=PurePosixPath(name).name,
                content=attached(self.folder, name),
                content_type=type_of(name),
                cid=cid_of(name, within=WITHIN),
            )
            for name in names
        )
        return Shown(cut(with_cids(page, within=WITHIN), word), images)

    def addresses(self, key: str, values: Values) -> tuple[Address, ...]:
        """The recipients that a key names; one that comes to nothing is none."""
        found = (self.address(one, values) for one in self.mailboxes[key])
        return tuple(one for one in found if one)

    def address(self, mailbox: Mailbox, values: Values) -> Address | None:
        """One recipient.

        Raises:
            TemplateFaultError: that is no address, or more than one.
        """
        text = self.one_line(mailbox.spec, values)
        if not text:
            return None
        name = self.one_line(mailbox.name, values) if mailbox.name else ""
        try:
            found = parse(text)
        except BadDataError as error:
            raise self.fault(f"{mailbox.spec.key}: {error}", mailbox.spec.line, hint=error.hint) from error
        return Address(local=found.local, domain=found.domain, name=name.strip('"') or found.name)

    def one_line(self, blank: Blank, values: Values) -> str:
        """What a text of the front matter comes to.

        Raises:
            TemplateFaultError: that is more than one line, or holds a control character.
        """
        text = blank.filled(values).strip()
        if CONTROL.search(text):
            what = "more than one line" if re.search(r"[\r\n]", text) else "a control character"
            raise self.fault(
                f"{blank.key}: it comes to {what}", blank.line, hint="a value of it may have one line only"
            )
        return text

    def attached(self, values: Values) -> tuple[Attachment, ...]:
        """The files that go along.

        Raises:
            BadDataError: one leads out of its folder.
            InputMissingError: one is not there.
        """
        names = (self.one_line(one, values) for one in self.attachments)
        return tuple(self.attachment(name) for name in names if name)

    def attachment(self, name: str) -> Attachment:
        """One file that goes along; a few are kept, since most go with every mail."""
        from mailctl.services.send import type_in

        folder = Path(self.template.folder) if self.template.folder else self.folder
        content = self.files.get(name)
        if content is None:
            content = attached(folder, name)
            if len(self.files) < MOST_FILES and name in self.template.attachments:
                self.files[name] = content
        filename = PurePosixPath(name).name
        return Attachment(filename=filename, content=content, content_type=type_in(filename, content))

    def headers(self, values: Values) -> tuple[tuple[str, str], ...]:
        """How one unsubscribes (RFC 2369, 3.2; RFC 8058, 3.1).

        Raises:
            TemplateFaultError: that is no address of a page or a mailbox.
        """
        text = self.one_line(self.unsubscribe, values)
        if not text:
            return ()
        if not UNSUBSCRIBE.fullmatch(text):
            raise self.fault(
                f"unsubscribe: '{text}' is no https: or mailto: address",
                self.unsubscribe.line,
                hint="such as https://firm.example/stop?m={{ variables.mail | urlencode }}",
            )
        click = (("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),) if text.lower().startswith("https") else ()
        return (("List-Unsubscribe", f"<{text}>"), *click)

    def fault(self, said: str, line: int, *, hint: str = "") -> TemplateFaultError:
        """What is wrong in a line of the file."""
        return TemplateFaultError(said, where=self.source.file, line=line, hint=hint)


def lazily(name: str, language: str) -> Callable[..., object]:
    """A filter that loads what knows languages when it is used, and not before."""

    def used(*words: object) -> object:
        from mailctl.domain import localised

        function: Callable[..., object] = getattr(localised, FUNCTIONS[name])
        return function(str(language), *words)

    return used


FUNCTIONS = {"date": "date_in", "amount": "amount_in", "number": "number_in", "shown": "shown"}


def unknown_step(path: tuple[str, ...], known: Mapping[str, object]) -> str:
    """What to say of a name that leads nowhere; empty when it leads somewhere, or nobody can tell."""
    here: object = known
    for number, step in enumerate(path):
        if isinstance(here, list | tuple) or hasattr(type(here), "__missing__"):
            return ""
        if not (isinstance(here, Mapping) and step in here):
            names = [str(name) for name in here] if isinstance(here, Mapping) else []
            close = nearest(step, names)
            owner = ".".join(path[:number])
            told = f"there is no '{step}' in '{owner}'" if owner else f"'{step}' is undefined"
            return told + (f" (did you mean '{close}'?)" if close else "")
        here = here[step]
    return ""
