"""Converts values of `core` to JSON and back. What is written can be read again, field by field."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[T]) -> T:
    return msgspec.json.decode(text, type=kind)


def to_plain(value: object) -> Any:
    """The value as dicts, lists and texts, for a JSONB column."""
    return msgspec.to_builtins(value)


def from_plain(plain: object, kind: type[T]) -> T:
    """Ignores fields that a newer version wrote. A missing field gets its default."""
    return msgspec.convert(plain, type=kind)


def unique(texts: Iterable[str]) -> list[str]:
    """Each text once, in order: a bulk statement must not name the same row twice."""
    return list(dict.fromkeys(texts))
