"""What a run has made and not yet removed, on disk before it is made: an interrupted run is cleaned
up by the next one.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(slots=True)
class Made:
    """Something of ours at a platform. `name` is ours alone and known before; `id` is empty until
    an answer has named it.

    `place` says at which account it is, so that one account's run never looks for another's things.
    """

    kind: str
    name: str
    place: str
    id: str = ""
    gone: bool = False


class Journal:
    """A list of what was made. With a path every change is on disk before the call returns."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.all: list[Made] = []
        if path is not None and path.exists():
            self.all = [Made(**row) for row in json.loads(path.read_text(encoding="utf-8"))]

    def begin(self, kind: str, name: str, place: str) -> Made:
        """Say that something of this name is about to be made."""
        made = Made(kind, name, place)
        self.all.append(made)
        self.save()
        return made

    def named(self, made: Made, identity: str) -> None:
        """The platform has given it an id."""
        made.id = identity
        self.save()

    def removed(self, made: Made) -> None:
        """It is gone, or was never made."""
        made.gone = True
        self.save()

    def left(self, place: str) -> list[Made]:
        """What is still there at an account, the youngest first."""
        return [made for made in reversed(self.all) if made.place == place and not made.gone]

    def save(self) -> None:
        """Write what is still there, in one step: an interruption leaves the file as it was before
        or after.
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
