"""Link headers and opaque offsets (zettle facts 2.2, 3.4)."""

import base64
from typing import Any
from urllib.parse import urlencode

import msgspec

from brygga_sandbox.http import Answer, Request
from brygga_sandbox.numerals import whole
from brygga_sandbox.zettle.answers import refusal


def link(request: Request, **query: Any) -> tuple[str, str]:
    """A Link header to the next page at the same path. Other relations are in the same header
    (2.2).
    """
    here = f"{request.base_url}{request.path}"
    return "Link", f'<{here}>; rel="first", <{here}?{urlencode(query)}>; rel="next"'


def sealed(value: Any) -> str:
    """A value as an opaque text, which a client can only send back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def opened(text: str, kind: Any) -> Any:
    """The value in an opaque text. 400 for a text that we did not issue."""
    try:
        return msgspec.json.decode(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind
        )
    except ValueError as error:
        raise Answer(refusal(400, "Invalid offset")) from error


def limit_of(request: Request, default: int, most: int) -> int:
    """The requested page size, between 1 and `most`. 400 for anything else."""
    text = request.value("limit")
    if text is None:
        return default
    number = whole(text)
    if number is None or not 1 <= number <= most:
        raise Answer(refusal(400, f"limit must be between 1 and {most}"))
    return number


def is_true(request: Request, name: str) -> bool:
    """Whether a query value means true."""
    return (request.value(name) or "").lower() == "true"
