"""What this machine has left: room on the disks that Brygga writes to."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from brygga.cli.checkup.findings import Finding, look, well, wrong
from brygga.settings import Settings

GIGA: Final = 1_000_000_000
LITTLE, TOO_LITTLE = 2 * GIGA, GIGA // 4
"""Bytes. Below the first a person should look; below the second PostgreSQL may stop any moment."""
LITTLE_PART: Final = 0.05


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def disks(settings: Settings, usage: Callable[[Path], Usage] | None = None) -> list[Finding]:
    """The disk of the embedded database, and the one where uploads wait. A PostgreSQL elsewhere
    does not say how full its disk is.
    """
    asked = usage or (lambda path: Usage(*shutil.disk_usage(path)))
    places = {"temporary files": Path(tempfile.gettempdir())}
    if settings.database_url is None:
        places = {"the embedded database": settings.data_dir, **places}
    return list(_judged(places, asked))


def _judged(places: dict[str, Path], usage: Callable[[Path], Usage]) -> Iterator[Finding]:
    for purpose, path in places.items():
        there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
        room = usage(there)
        what = f"the disk of {purpose} ({there}) has {room.free / GIGA:.1f} GB left"
        mend = "free some room, or move it to a larger disk: a full disk stops the database"
        if room.free < TOO_LITTLE:
            yield wrong(what, mend)
        elif room.free < LITTLE or room.free < LITTLE_PART * room.total:
            yield look(what, mend)
        else:
            yield well(what)
