"""A line of the sync log in words: what happened, why, and what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from brygga.web.i18n import Words
from brygga.web.readable import Units, value_of
from brygga.web.stock_view import signed

NUMBER = re.compile(r"[+-]\d{1,12}")
COUNT = re.compile(r"-?\d{1,12}")


@dataclass(frozen=True, slots=True)
class LineView:
    at: datetime
    severity: str
    sentence: str
    cause: str = ""
    action: str = ""
    product: str = ""
    """The Zettle uuid of the product it is about, or ""."""
    partner: str = ""
    """The BigCommerce id of the store's own product that it can be linked with instead (decision
    6), or "".
    """
    why: str = ""
    """The address where the line's number is explained, or ""."""
    repairs: bool = False
    """Whether the line is about something in BigCommerce that can be made equal to Zettle again
    (decision 1).
    """
    recounts: bool = False
    """Whether the line is about a product whose stock BigCommerce can be made to count as Zettle
    does (decisions 17, 18).
    """
    again: bool = False
    """Whether the work that the line is about may succeed when it is tried again."""
    id: int = 0
    code: str = ""
    topic: str = ""
    name: str = ""
    """The name of the product it is about, as it is called now."""


VALUES = frozenset({"shop", "till", "was", "now", "value", "written"})
"""The parameters of a line with a `field` that are values of this field."""


def spoken(
    words: Words,
    code: str,
    params: Mapping[str, str],
    units: Units | None = None,
    name: str = "",
    *,
    as_plan: bool = False,
    on_its_page: bool = False,
) -> tuple[str, str, str]:
    """Sentence, cause and what to do. A parameter that is itself a code (`reason`, `cause`,
    `field`) is first put into words, and so is a value of a field.

    A line that would name an `other` product uses other words, `.alone`, where that product is not
    known. A sentence that does not name its product begins with `name`. `as_plan`: it has not
    happened yet, and only the sentence is wanted. `on_its_page`: it stands on the page of its
    product, `name`, and does not name it again.
    """
    field = params.get("field", "")
    said = {
        key: value_of(words, field, value, units or Units())
        if field and key in VALUES
        else _in_words(words, key, value)
        for key, value in params.items()
    }
    key = f"log.{code}"
    if not words.has(key):
        key = f"failure.{code}" if words.has(f"failure.{code}") else "log.unknown"
        said.setdefault("code", code)
    if as_plan and words.has(f"plan.note.{code}"):
        key = f"plan.note.{code}"
    alone = f"{key}.alone" if not said.get("other") and words.has(f"{key}.alone") else key
    if on_its_page and said.get("name", name) == name:
        sentence = unnamed(words, alone, said)
        return sentence, words.fill(f"{key}.cause", said), words.fill(f"{key}.action", said)
    names = name and not ("%(name)s" in words.text(alone) and said.get("name"))
    return (
        (f"{name} – " if names else "") + words.fill(alone, said),
        words.fill(f"{key}.cause", said),
        words.fill(f"{key}.action", said),
    )


def unnamed(words: Words, key: str, said: Mapping[str, str]) -> str:
    """The sentence without its product's name: other words, `.own`, or the same ones without the
    name that they begin with.
    """
    if words.has(f"{key}.own"):
        return words.fill(f"{key}.own", said)
    sentence = words.fill(key, {**said, "name": ""}).lstrip(" :")
    return sentence[:1].upper() + sentence[1:]


def reason(words: Words, code: str) -> str:
    """Why a product could not be synced or read, in one sentence."""
    if not code:
        return ""
    for key in (f"failure.{code}", f"log.{code}"):
        if words.has(key):
            return words.fill(key, {})
    return words.fill("log.unknown", {"code": code})


def _in_words(words: Words, name: str, value: str) -> str:
    prefixes = {
        "reason": ("failure.", "log.", "leaving."),
        "cause": ("failure.",),
        "field": ("field.",),
        "fields": ("field.",),
        "mode": ("mode.",),
        "effect": ("effect.",),
        "side": ("side.",),
        "moment": ("moment.",),
        "change": ("change.",),
        "obstacle": ("obstacle.",),
    }
    if name == "change" and NUMBER.fullmatch(value):
        return signed(words, int(value))
    if name in {"number", "limit"} and COUNT.fullmatch(value):
        return words.number(int(value))
    parts = value.split(",") if name == "fields" else [value]
    reported = []
    for part in (part.strip() for part in parts):
        key = next(
            (prefix + part for prefix in prefixes.get(name, ()) if words.has(prefix + part)), ""
        )
        reported.append(words.fill(key, {}) if key else part)
    return ", ".join(reported)
