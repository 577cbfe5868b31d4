"""Tolerant reading of a platform's JSON: a field may be absent, null, or of a similar type.

Nothing is trimmed and nothing is guessed. Only what our database cannot store is repaired: a NUL
and half a surrogate pair.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

LARGEST_ID: Final = 2**63 - 1
"""Ids ascend from 1 (bigcommerce facts 0, "Ids"). A number above a signed 64-bit integer is no
valid id, and our database could not store it.
"""
MOST_DIGITS: Final = 15
"""Digits of a count or an amount: a million times what either platform counts to (zettle facts 7,
bigcommerce facts 5.2), so that sums and differences of a few still fit our database.
"""

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_half_pair = re.compile("[\ud800-\udfff]")
_zone = re.compile(r"([+-]\d{2})(\d{2})$")
_fraction = re.compile(r"\.(\d{1,9})")


def decode(body: bytes) -> Any:
    """JSON with Decimal for every fraction. Bytes that are not UTF-8 become U+FFFD (zettle facts 8,
    row 24). Raises ValueError.
    """
    try:
        return _decoded(body)
    except RecursionError:
        raise ValueError("nested deeper than any message is") from None


def _decoded(body: bytes) -> Any:
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _mended(
            json.loads(
                body.decode("utf-8", "replace"), parse_float=Decimal, parse_constant=_no_number
            )
        )


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _mended(value: Any) -> Any:
    match value:
        case str():
            return _half_pair.sub("\ufffd", value)
        case list():
            return [_mended(item) for item in value]
        case dict():
            return {_mended(key): _mended(item) for key, item in value.items()}
        case _:
            return value


def text(value: Any) -> str:
    """The text; "" for absent, null or any value that is not text. A number becomes its digits.
    NULs are dropped.
    """
    match value:
        case str():
            return value.replace("\x00", "")
        case bool() | None:
            return ""
        case int() | Decimal():
            return str(value)
        case _:
            return ""


def number(value: Any) -> Decimal | None:
    """A number or its text as Decimal; None for absent, null, not finite or unreadable."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def whole(value: Any) -> int | None:
    """A whole number, rounded down; None for absent, null, unreadable, or longer than any count
    (`MOST_DIGITS`).
    """
    found = number(value)
    return None if found is None else _floor(found, MOST_DIGITS)


def _floor(found: Decimal, digits: int) -> int | None:
    return int(found.to_integral_value(ROUND_FLOOR)) if found.adjusted() < digits else None


def identifier(value: Any) -> int:
    """A positive id; 0 for absent, null, unreadable, or larger than any id (`LARGEST_ID`)."""
    found = number(value)
    id_ = None if found is None else _floor(found, len(str(LARGEST_ID)))
    return id_ if id_ is not None and 0 < id_ <= LARGEST_ID else 0


def flag(value: Any) -> bool | None:
    """A truth value, also as text; None for absent, null or unreadable."""
    match value:
        case bool():
            return value
        case "true" | "True":
            return True
        case "false" | "False":
            return False
        case _:
            return None


def moment(value: Any) -> datetime | None:
    """A time in UTC from ISO 8601 (any zone spelling, any fraction), RFC 2822 or Unix seconds; None
    when unreadable.
    """
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _from_unix(Decimal(value))
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(
            _fraction.sub(lambda m: "." + m[1][:6].ljust(6, "0"), _zone.sub(r"\1:\2", value))
        )
    except ValueError:
        try:
            found = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None  # also a day, an hour or a zone with too many digits
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        return None  # the first or the last possible day, in another zone


def _from_unix(seconds: Decimal) -> datetime | None:
    if seconds.adjusted() > MOST_DIGITS:
        return None  # far after the last possible day; its sums may not be finite
    # Zettle's PurchaseCreated counts milliseconds (zettle facts 5.4), BigCommerce seconds.
    if abs(seconds) >= Decimal(100_000_000_000):
        seconds /= 1000
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def record(value: Any) -> Mapping[str, Any]:
    """The object; an empty one for anything else (BigCommerce writes [] for an empty object)."""
    return value if isinstance(value, dict) else {}


def records(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; nothing for anything else."""
    return (
        (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
    )


def within(value: Any, *path: str) -> Any:
    """The value at a path of objects; None when the path does not exist."""
    for name in path:
        value = record(value).get(name)
    return value
