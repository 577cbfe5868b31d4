"""What a request may bring: how large, how fast, and only where a handler reads it.

    route                        largest body       a pause      in all
    webhooks                     1,000,000 bytes    5 s          10 s
    forms                        256,000 bytes      10 s         30 s
    an operator's secret         4,000 bytes        5 s          10 s
    pictures, as multipart       51,000,000 bytes   20 s         10 min
    GET, HEAD, OPTIONS           never read

Bytes are counted as they arrive. An announced length only ends the request earlier. A body
that breaks a bound is answered 413 or 408. After a torn body nobody reads the answer, which is 400.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from litestar.datastructures import UploadFile
from litestar.datastructures.multi_dicts import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, HTTPException
from litestar.types import HTTPReceiveMessage, HTTPScope, Receive
from litestar.utils.scope.state import ScopeState

from brygga.core import pictures
from brygga.web.session import AnyRequest

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_FIELDS: Final = 2_000
BODY: Final = "body"
"""The option of a route that names its `Bounds`. Without it a body has the bounds of a form."""


@dataclass(frozen=True, slots=True)
class Bounds:
    largest: int
    pause_s: float
    whole_s: float


HOOK: Final = Bounds(1_000_000, 5, 10)
FORM: Final = Bounds(256_000, 10, 30)
SECRET: Final = Bounds(4_000, 5, 10)
"""Of the one form that anybody may send: an operator's sign-in."""
PICTURES: Final = Bounds(pictures.MOST_PICTURES * pictures.MOST_BYTES + 1_000_000, 20, 600)
"""Of one form with all its pictures."""


class TooLarge(HTTPException):
    status_code = 413


class TooSlow(HTTPException):
    status_code = 408


class Torn(HTTPException):
    """The sender closed the connection before the end."""

    status_code = 400


class Malformed(ClientException):
    """The body is no form, whatever its content type says."""


# ---- Receiving -----------------------------------------------------------------------------------


def bounds_of(scope: HTTPScope) -> Bounds:
    """The bounds of this route. A form with pictures has them as multipart only. Any other content
    type has the bounds of a plain form.
    """
    found = scope["route_handler"].opt.get(BODY, FORM)
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if found is PICTURES and not kind.strip().lower().startswith(b"multipart/form-data"):
        return FORM
    return cast("Bounds", found)


def announced(scope: HTTPScope) -> int | None:
    """The length that the header announces. Raises `Malformed` for an invalid length."""
    text = next((value for name, value in scope["headers"] if name == b"content-length"), None)
    if text is None:
        return None
    if not text.isdigit() or len(text) > 15:
        raise Malformed("no length")
    return int(text)


def bounded(scope: HTTPScope, receive: Receive, bounds: Callable[[], Bounds]) -> Receive:
    """Receives a body within `bounds`, which are asked for at the first read. Raises `TooLarge`,
    `TooSlow` or `Torn`.
    """
    got, ends_at, whole = 0, 0.0, False

    async def receive_bounded() -> HTTPReceiveMessage:
        nonlocal got, ends_at, whole
        if whole:
            return cast("HTTPReceiveMessage", await receive())
        limits, now = bounds(), asyncio.get_running_loop().time()
        if not ends_at:
            ends_at = now + limits.whole_s
            if (announced(scope) or 0) > limits.largest:
                raise TooLarge("announced")
        try:
            async with asyncio.timeout_at(min(now + limits.pause_s, ends_at)):
                message = await receive()
        except TimeoutError:
            raise TooSlow("the body does not come") from None
        if message["type"] == "http.disconnect":
            raise Torn("the sender hung up")
        if message["type"] == "http.request":
            got += len(message["body"])
            whole = not message["more_body"]
        if got > limits.largest:
            raise TooLarge("streamed")
        return cast("HTTPReceiveMessage", message)

    return receive_bounded


# ---- Forms ---------------------------------------------------------------------------------------


async def read_form(request: AnyRequest) -> FormMultiDict:
    """The form of this request, parsed once: later calls of `request.form()` return the same.
    Raises `Malformed` or `TooLarge`.
    """
    kind, options = request.content_type
    if kind == RequestEncodingType.MULTI_PART:
        form = await _multipart(request, options.get("boundary", ""))
    elif kind == RequestEncodingType.URL_ENCODED:
        form = _fields(await request.body())
        kept: dict[str, Any] = {}
        for name, value in form.multi_items():
            kept.setdefault(name, []).append(str(value))
        ScopeState.from_scope(request.scope).form = kept
    else:
        form = FormMultiDict()
    return form


async def _multipart(request: AnyRequest, boundary: str) -> FormMultiDict:
    """Files are written to disk as they arrive. Text fields have the bounds of a form."""
    if not 0 < len(boundary) <= 70:
        raise Malformed("no boundary, or one longer than RFC 2046 allows")
    try:
        form = await request.form()
    except HTTPException:
        raise
    except (ValueError, LookupError) as wrong:
        # An unknown character set, bytes that are invalid in it, or an invalid boundary.
        raise Malformed(type(wrong).__name__) from None
    texts = sum(len(value) for _, value in form.multi_items() if not isinstance(value, UploadFile))
    if texts > FORM.largest:
        raise TooLarge("the form's texts")
    return form


def _fields(body: bytes) -> FormMultiDict:
    if body.count(b"&") >= MOST_FIELDS:
        raise TooLarge("fields")
    return FormMultiDict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
