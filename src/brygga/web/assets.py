"""The style sheet, the scripts and the icon, under names that hold a hash of their content.

A browser keeps such a file for a year and never asks again: new content has a new name. The files
are read, trimmed and compressed once for each process. `static_files` sends them.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import rcssmin
import rjsmin

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
    content = trimmed(path.suffix, path.read_text(encoding="utf-8")).encode()
    hashed = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= WORTH else None
    return File(path.name, hashed, media_type, content, packed)


def trimmed(suffix: str, text: str) -> str:
    """A style sheet or a script without comments and needless space; any other file as it is. A
    template literal of a script holds no other one: `rjsmin` does not know such.
    """
    match suffix:
        case ".css":
            return str(rcssmin.cssmin(text))
        case ".js":
            return str(rjsmin.jsmin(text))
        case _:
            return text


def asset(name: str) -> str:
    """The address of a file on our pages. Raises `KeyError` for a file that there is not."""
    return f"/static/{files()[name].hashed}"
