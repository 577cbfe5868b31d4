"""What a run has created and not yet removed. It is on disk before the object is created, so the
next run can clean up after an interrupted one.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(slots=True)
class Made:
    """An object of ours at a platform. Only we use its `name`, and it is known beforehand. `id` is
    empty until an answer contains it.

    `place` names the account, so that one account's run never looks for another's objects.
    """

    kind: str
    name: str
    place: str
    id: str = ""
    gone: bool = False


class Journal:
    """A list of created objects. With a path, every change is on disk before the call returns."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.all: list[Made] = []
        if path is not None and path.exists():
            self.all = [Made(**row) for row in json.loads(path.read_text(encoding="utf-8"))]

    def begin(self, kind: str, name: str, place: str) -> Made:
        """Record that an object of this name is about to be created."""
        made = Made(kind, name, place)
        self.all.append(made)
        self.save()
        return made

    def named(self, made: Made, identity: str) -> None:
        """Record the id that the platform has given it."""
        made.id = identity
        self.save()

    def removed(self, made: Made) -> None:
        """Record that it is deleted, or was never created."""
        made.gone = True
        self.save()

    def left(self, place: str) -> list[Made]:
        """The remaining objects at an account, the newest first."""
        return [made for made in reversed(self.all) if made.place == place and not made.gone]

    def save(self) -> None:
        """Write the remaining objects in one step. An interruption leaves either the old file or
        the new one.
        """
        if self.path is None:
            return
        rows = [asdict(made) for made in self.all if not made.gone]
        if not rows:
            self.path.unlink(missing_ok=True)
            return
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
