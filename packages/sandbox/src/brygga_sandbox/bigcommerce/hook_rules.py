"""What a webhook may contain, and what signs its messages (bigcommerce facts 6.1, 6.5)."""

from __future__ import annotations

import base64
import re
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e\t]*")


def address_of(url: Any) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an address. None for an invalid address."""
    if not isinstance(url, str) or any(letter <= " " for letter in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return (
        (parts.scheme, parts.hostname, port)
        if parts.hostname and parts.scheme in {"http", "https"}
        else None
    )


def fits_a_header(name: Any, value: Any) -> bool:
    """True for a valid header (RFC 9110) within the sizes of bigcommerce facts 6.4."""
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    return (
        bool(_TOKEN.fullmatch(name))
        and len(name) <= 64
        and len(value) <= 8192
        and bool(_VALUE.fullmatch(value))
    )


def covers(asked: str, scope: str) -> bool:
    """True if a webhook for `asked` receives `scope`. A wildcard at the end covers all scopes
    below.
    """
    return asked == scope or ("*" in asked and fnmatchcase(scope, asked))


def signing_key(secret: str, reading: str) -> bytes:
    """The key of a signature, for the reading in force. No code here checks `v1a`, so any bytes
    serve.
    """
    match reading:
        case "decoded":
            return base64.b64decode(secret + "=" * (-len(secret) % 4))
        case "another" | "v1a":
            return f"not {secret}".encode()
        case _:
            return secret.encode()
