"""What the text of each setting may be, and the value that it stands for.

Each function takes a text that is not empty. ValueError says in words what was expected, and never
holds the text: it may be a secret.
"""

import re
from datetime import timedelta
from hashlib import sha256
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from brygga import traces as tracing

SECRET_LENGTH: Final = 32
_TOKEN_LENGTH: Final = 16
_LONGEST_READ_LAG_S: Final = 120
_LONGEST_KEPT_DAYS: Final = 3650
_CONNECTIONS: Final = (2, 100)
_LONGEST_WEBHOOKS_DAYS: Final = 30


def _parts(text: str, example: str) -> SplitResult:
    """The parts of an address. An invalid address is refused without showing its value, which may
    contain a password.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(
            f"expected an address like {example}, and a port is a number up to 65535"
        ) from None
    return parts


def url(text: str) -> str:
    parts = _parts(text, "https://example.com")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an address like https://example.com")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("expected a plain address, without user, query or fragment")
    return text.rstrip("/")


_SEVERAL = re.compile(r"^(?P<before>\w+://(?:[^@/]*@)?)(?P<hosts>[^@/?]*,[^@/?]*)(?P<after>/.*)$")


def database(text: str) -> str:
    """Several hosts, as libpq names them, become parameters, which both our drivers read. Of them
    the one that takes writes is used.
    """
    if found := _SEVERAL.match(text):
        text = _several(found)
    parts = _parts(text, "postgresql://user:password@host/name")
    if parts.scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ValueError("expected postgresql://user:password@host/name")
    if not parts.path.strip("/"):
        raise ValueError("it names no database; expected postgresql://user:password@host/name")
    return text.replace("postgres://", "postgresql://", 1).replace(
        "postgresql+psycopg://", "postgresql://", 1
    )


def _several(found: "re.Match[str]") -> str:
    places = [urlsplit(f"//{one}") for one in found["hosts"].split(",")]
    hosts = ",".join(one.hostname or "" for one in places)
    try:
        ports = ",".join(str(one.port or 5432) for one in places)
    except ValueError:
        raise ValueError("a port is a number up to 65535") from None
    after = found["after"] + ("&" if "?" in found["after"] else "?")
    wish = "" if "target_session_attrs=" in after else "&target_session_attrs=read-write"
    return f"{found['before']}{after}host={hosts}&port={ports}{wish}"


def secrets(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if not keys or any(len(key) < SECRET_LENGTH for key in keys):
        raise ValueError(
            f"each secret needs {SECRET_LENGTH} characters or more; separate several by commas"
        )
    if len(set(keys)) != len(keys):
        raise ValueError("the same secret stands there twice")
    return keys


def traces(text: str) -> bool:
    if text not in {"otlp", "off"}:
        raise ValueError("expected otlp or off")
    if text == "otlp" and find_spec("opentelemetry") is None:
        raise ValueError(tracing.MISSING)
    return text == "otlp"


def secrets_file(text: str) -> tuple[str, ...]:
    """The SHA-256 of each secret of a file, in hexadecimal. A line is a secret, or "sha256:" and
    its hash. Empty lines and those that begin with # are left out.
    """
    try:
        lines = Path(text).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as wrong:
        raise ValueError(f"the file cannot be read: {type(wrong).__name__}") from None
    found = tuple(
        _hash_of(line.strip()) for line in lines if line.strip() and line.strip()[0] != "#"
    )
    if not found:
        raise ValueError("the file holds no secret; `brygga operator new-secret` makes one")
    return found


def _hash_of(line: str) -> str:
    kind, colon, digest = line.partition(":")
    if kind == "sha256" and colon:
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("a line after sha256: needs 64 hexadecimal digits")
        return digest
    if len(line) < SECRET_LENGTH or not line.isascii() or len(line.split()) != 1:
        raise ValueError(
            f"each secret needs {SECRET_LENGTH} characters or more, without spaces or letters "
            "beyond ASCII"
        )
    return sha256(line.encode()).hexdigest()


def token(text: str) -> str:
    if (
        len(text) < _TOKEN_LENGTH
        or not text.isascii()
        or any(character.isspace() for character in text)
    ):
        raise ValueError(
            f"it needs {_TOKEN_LENGTH} characters or more, without spaces or letters beyond ASCII"
        )
    return text


def metrics(text: str) -> bool:
    if text not in ("token", "local"):
        raise ValueError("expected token or local")
    return text == "local"


def networks(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        try:
            ip_network(part)
        except ValueError:
            raise ValueError(
                "expected addresses or networks like 10.0.0.0/8, separated by commas"
            ) from None
    return found


def switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("expected on or off")
    return text == "on"


def hsts(text: str) -> bool:
    if text not in ("host", "subdomains"):
        raise ValueError("expected host or subdomains")
    return text == "subdomains"


def read_lag(text: str) -> float:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_READ_LAG_S:
        raise ValueError(f"expected whole seconds from 1 to {_LONGEST_READ_LAG_S}")
    return float(text)


def days(text: str) -> timedelta:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_KEPT_DAYS:
        raise ValueError(f"expected whole days from 1 to {_LONGEST_KEPT_DAYS}")
    return timedelta(days=int(text))


def days_or_none(text: str) -> timedelta:
    if text == "0":
        return timedelta(0)
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_WEBHOOKS_DAYS:
        raise ValueError(f"expected whole days from 0 to {_LONGEST_WEBHOOKS_DAYS}")
    return timedelta(days=int(text))


def connections(text: str) -> int:
    low, high = _CONNECTIONS
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"expected a whole number from {low} to {high}")
    return int(text)


def calls(text: str) -> bool:
    if text not in ("whole", "in_part"):
        raise ValueError("expected whole or in_part")
    return text == "whole"


def host(text: str) -> str:
    if not text.isascii() or any(one in text for one in "/:@ "):
        raise ValueError("expected the name of a host, like smtp.example.com")
    return text


def port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise ValueError("expected a number from 1 to 65535")
    return int(text)


def email(text: str) -> str:
    name, at, host = text.partition("@")
    if not (name and at and "." in host) or " " in text:
        raise ValueError("expected an address like help@example.com")
    return text
