"""What one command changes in the store: gathered, checked as the store would become, written all or none."""

from pathlib import Path
from typing import TYPE_CHECKING

from mailctl.domain.account import Account
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings
from mailctl.errors import BadDataError
from mailctl.store.decode import decode_account, decode_collaborator, decode_settings, invalid
from mailctl.store.editors import first_line, install
from mailctl.store.encode import encode
from mailctl.store.lines import has_comments
from mailctl.store.references import Read, reference_faults
from mailctl.store.writing import Writing

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair
    from mailctl.store.files import Store

FORMER = ".former"


class Change:
    """Values to write and values to take away."""

    def __init__(self, store: "Store") -> None:
        self.store = store
        self.accounts: dict[str, Account | None] = {}
        self.collaborators: dict[str, Collaborator | None] = {}
        self.affairs: dict[str, Affair | None] = {}
        self.new_settings: Settings | None = None
        self.others: dict[str, str | None] = {}
        self.kept_aside: list[tuple[str, Path]] = []
        self.check_only = False
        self.files: tuple[str, ...] = ()

    def put(self, value: "Account | Collaborator | Affair | Settings") -> None:
        """Write a value, new or changed."""
        if isinstance(value, Account):
            self.accounts[value.name] = value
        elif isinstance(value, Collaborator):
            self.collaborators[value.id] = value
        elif isinstance(value, Settings):
            self.new_settings = value
        else:
            self.affairs[value.ref] = value

    def put_file(self, file: str, text: str | None) -> None:
        """Write a file that holds no value, such as an affair's links; with None, take it away."""
        self.others[file] = text

    def remove_account(self, name: str) -> None:
        """Take an account away."""
        self.accounts[name] = None

    def remove_collaborator(self, name: str) -> None:
        """Take a collaborator away."""
        self.collaborators[name] = None

    def remove_affair(self, ref: str) -> None:
        """Take an affair away; which mail was filed under it is kept."""
        self.affairs[ref] = None

    def texts(self) -> dict[str, str | None]:
        """The files to write and, with None, to take away; what is written can be read again."""
        files: dict[str, str | None] = {}
        for name, account in self.accounts.items():
            files[f"accounts/{name}.toml"] = text = encode(account) if account else None
            if text is not None:
                decode_account(name, text)
        for name, one in self.collaborators.items():
            files[f"collaborators/{name}.toml"] = text = encode(one) if one else None
            if text is not None:
                decode_collaborator(name, text)
        if self.new_settings:
            files["store.toml"] = text = encode(self.new_settings)
            decode_settings(text)
        return files | self.affair_texts() | self.others

    def affair_texts(self) -> dict[str, str | None]:
        """The files of affairs to write and, with None, to take away."""
        if not self.affairs:
            return {}
        from mailctl.store.affairs import decode_affair, file_of

        files: dict[str, str | None] = {}
        for ref, affair in self.affairs.items():
            files[file_of(ref)] = text = encode(affair) if affair else None
            if text is not None:
                decode_affair(ref, text)
        return files

    def commit(self) -> None:
        """Check the store as it would become, then write; a second time does nothing.

        Raises:
            StoreError: it would be invalid; nothing is written.
            BadDataError: a text that no file of the store can hold; the same.
            StorageError: the disk is full, or a file cannot be written; the old state stands.
        """
        if self.files:
            return
        texts = self.texts()
        self.check_references(lambda file: texts.get(file) or self.store.read(file))
        if self.check_only or not texts:
            return
        written = {file: heading(file) + text for file, text in texts.items() if text is not None}
        require_utf8(written)
        removed = tuple(file for file, text in texts.items() if text is None)
        for folder in {Path(file).parent for file in written}:
            (self.store.root / folder).mkdir(exist_ok=True, mode=0o700)
        install(self.store.root)
        self.keep_comments(tuple(written))
        Writing(self.store.root, written, removed).commit()
        self.files = tuple(texts)

    def keep_comments(self, files: tuple[str, ...]) -> None:
        """Put former texts that hold comments aside, since tomli-w cannot write them again."""
        tables = [file for file in files if file.endswith(".toml")]
        former = {file: text for file in tables if (text := self.store.read(file)) and has_comments(text)}
        if not former:
            return
        place = self.store.root / FORMER
        for file in former:
            (place / file).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Writing(place, former, ()).commit()
        self.kept_aside += [(file, place / file) for file in former]

    def check_references(self, read: Read) -> None:
        """Refuse owners, rights and responsibles that would name nobody.

        Args:
            read: gives a file's text, for the line.

        Raises:
            StoreError: with each of them.
        """
        gone = {name for name, value in self.collaborators.items() if value is None}
        people = frozenset({*self.store.collaborator_names(), *self.collaborators} - gone)
        accounts = {name: one for name, one in self.accounts.items() if one}
        affairs = {ref: one for ref, one in self.affairs.items() if one}
        if gone:
            accounts = {one.name: one for one in self.store.accounts()[0] if one.name not in self.accounts} | accounts
            affairs = {one.ref: one for one in self.store.affairs()[0] if one.ref not in self.affairs} | affairs
        faults = reference_faults(tuple(accounts.values()), tuple(affairs.values()), people, read)
        if faults:
            raise invalid(faults)


def require_utf8(texts: dict[str, str]) -> None:
    """Refuse what came from a command line in another encoding."""
    for file, text in texts.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadDataError(f"{file}: what was given is no UTF-8", hint="locale charmap") from error


def heading(file: str) -> str:
    """The first line of a file of the store: a table's schema, and nothing for any other."""
    return first_line(file) if file.endswith(".toml") else ""
