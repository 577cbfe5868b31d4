"""A call and its answer, as values."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from brygga.wire.reading import decode

Pairs = tuple[tuple[str, str], ...]
_encoder = msgspec.json.Encoder(decimal_format="number")


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body, and the plain fields before it."""

    part: str
    name: str
    media_type: str
    content: bytes = field(repr=False)
    fields: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, before it is sent. Headers and bodies never show in a repr, because they
    hold secrets and merchants' data.

    `repeatable` says that sending the call twice has the same effect as once. Reads are repeatable;
    for a write, the platform's package decides. `serial_group` names a limit of the platform that
    applies to the call, and that its gate knows. An `urgent` call may use what is kept for stock.
    Statuses in `wanted` come back as answers although they would be failures. `writes` says
    whether the call changes anything of the merchant's: unsaid, all but GET and HEAD do.
    """

    platform: str
    method: str
    url: str
    params: Pairs = ()
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    upload: Upload | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    timeout_s: float = 30.0
    repeatable: bool | None = None
    writes: bool | None = None
    urgent: bool = False
    serial_group: str = ""
    wanted: frozenset[int] = frozenset()
    max_bytes: int = 64 * 1024 * 1024

    @property
    def may_repeat(self) -> bool:
        return self.method in ("GET", "HEAD") if self.repeatable is None else self.repeatable

    @property
    def is_write(self) -> bool:
        return self.method not in ("GET", "HEAD") if self.writes is None else self.writes

    @property
    def path(self) -> str:
        """The path alone: it may appear in a failure's detail and in a log."""
        return urlsplit(self.url).path

    def body(self) -> tuple[bytes | None, str]:
        """The bytes to send and their media type."""
        if self.upload is not None:
            return _multipart(self.upload)
        if self.form is not None:
            return urlencode(self.form).encode(), "application/x-www-form-urlencoded"
        if self.json is not None:
            # Prices and weights are Decimal and are sent as JSON numbers with exactly these digits.
            return _encoder.encode(self.json), "application/json"
        return None, ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response. Header names are lower-case. `whole` is False when the body was longer than the
    call allowed.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=_nothing)
    body: bytes = field(default=b"", repr=False)
    whole: bool = True

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON, with Decimal for every fraction; None for an empty body. Raises
        ValueError when it cannot be read.
        """
        if not self.whole:
            raise ValueError("the body was cut off")
        return decode(self.body) if self.body else None


def _multipart(upload: Upload) -> tuple[bytes, str]:
    # The boundary is computed from the content, so that the same call has the same bytes. Nothing
    # is random here.
    boundary = "brygga-" + hashlib.sha256(upload.content).hexdigest()[:32]
    name = upload.name.replace('"', "").replace("\r", "").replace("\n", "")
    plain = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field_name}"\r\n\r\n{value}\r\n'
        for field_name, value in upload.fields.items()
    )
    head = plain + (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{upload.part}"; '
        f'filename="{name}"\r\n'
        f"Content-Type: {upload.media_type}\r\n\r\n"
    )
    return (
        head.encode() + upload.content + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )
