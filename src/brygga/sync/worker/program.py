"""Which version of the program this is: another version may have fixed what failed in this one."""

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def program() -> str:
    """A name for our version, our code as it is on disk, and the packages beside it. It changes
    when one of them changes.
    """
    code = hashlib.sha256()
    for path in sorted(ROOT.rglob("*.py")):
        code.update(str(path.relative_to(ROOT)).encode())
        code.update(path.read_bytes())
    for name in packages(sys.path):
        code.update(f"{name}\n".encode())
    return f"{_version()}+{code.hexdigest()[:12]}"


def packages(path: Iterable[str]) -> list[str]:
    """The packages installed in these folders, each as the folder of its metadata is named, which
    holds its version. To read what is in these folders takes as long as to start the worker.
    """
    return sorted({found.name for place in path for found in Path(place).glob("*.dist-info")})


def _version() -> str:
    try:
        return metadata.version("brygga")
    except metadata.PackageNotFoundError:
        return "unknown"
