"""The style sheet, the script and the icon, under names that hold a hash of their content.

A browser keeps such a file for a year and never asks again: new content has a new name. The files
are read and compressed once for each process. `static_files` sends them.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
WORTH: Final = 1000
"""Bytes. A smaller file would hardly become smaller."""


@dataclass(frozen=True, slots=True)
class File:
    """`packed` is the content as gzip. None where that is not worth it."""

    name: str
    hashed: str
    media_type: str
    content: bytes
    packed: bytes | None

    @property
    def etag(self) -> str:
        return f'"{self.hashed}"'


@cache
def files() -> dict[str, File]:
    """By the plain name."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.is_file()}


def _read(path: Path) -> File:
    content = path.read_bytes()
    hashed = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= WORTH else None
    return File(path.name, hashed, media_type, content, packed)


def asset(name: str) -> str:
    """The address of a file on our pages. Raises `KeyError` for a file that there is not."""
    return f"/static/{files()[name].hashed}"
