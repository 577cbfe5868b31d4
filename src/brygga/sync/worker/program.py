"""Which version of the program this is: another version may have fixed what failed in this one."""

import hashlib
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
    for name, version in sorted((each.name, each.version) for each in metadata.distributions()):
        code.update(f"{name}=={version}\n".encode())
    return f"{_version()}+{code.hexdigest()[:12]}"


def _version() -> str:
    try:
        return metadata.version("brygga")
    except metadata.PackageNotFoundError:
        return "unknown"
