"""Accounts renamed whose mail here has still to follow: noted before the store changes, so safe from crashes."""

import os
from pathlib import Path

FILE = "renamed.json"


class Moves:
    """The notes: pairs of an old and a new name, in the order in which accounts were renamed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def pending(self) -> tuple[tuple[str, str], ...]:
        """What is noted; a note that cannot be read is none."""
        try:
            text = self.path.read_text(encoding="utf-8")
            import json  # each fetch asks, and there is hardly ever a note

            found = json.loads(text)
            return tuple((str(old), str(new)) for old, new in found)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError):
            return ()

    def note(self, old: str, new: str) -> None:
        """Note durably that an account is about to be renamed."""
        self.write((*(pair for pair in self.pending() if pair != (old, new)), (old, new)))

    def forget(self, old: str, new: str) -> None:
        """Take a note away."""
        from mailctl.local.maildir import storage

        left = tuple(pair for pair in self.pending() if pair != (old, new))
        with storage(self.path):
            if left:
                self.write(left)
            else:
                self.path.unlink(missing_ok=True)

    def write(self, pairs: tuple[tuple[str, str], ...]) -> None:
        """Write the notes, whole or not at all."""
        import json

        from mailctl.local.maildir import storage, sync

        beside = self.path.with_name(f".{FILE}-{os.urandom(4).hex()}")
        with storage(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                beside.write_text(json.dumps(pairs), encoding="utf-8")
                sync(beside)
                beside.replace(self.path)
            except OSError:
                beside.unlink(missing_ok=True)
                raise
            sync(self.path.parent)
