"""The nightly statement: how many variants have equal numbers on both sides, which differ, and
which nobody can compare. Each statement is chained by SHA-256 to the one before.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from brygga.core.stock import Gap, Ledger, LevelRead, Side


class Reason(StrEnum):
    """Why two numbers differ, or why they cannot be compared."""

    # -- the numbers differ
    ASKED = "asked"  # the merchant is asked to check the number
    HELD = "held"  # a brake waits for the merchant's answer
    BELOW_ZERO = "below_zero"  # Zettle is below zero, and the store shows 0 (decision 7)
    FULL = "full"  # more than a side can hold
    UNDER_WAY = "under_way"  # a change is on its way to the other side
    UNEXPLAINED = "unexplained"  # a side shows a number that we have not seen before
    # -- nothing to compare
    COUNTED_OTHERWISE = "counted_otherwise"  # the store counts the product in another way
    NOT_COUNTED = "not_counted"  # the store does not count it
    NOT_THERE = "not_there"  # the variant is not in the store
    ZETTLE_UNREAD = "zettle_unread"
    SHOP_UNREAD = "shop_unread"


TOLD: Final = frozenset({Reason.UNDER_WAY, Reason.UNEXPLAINED})
"""Differences that the merchant is told of when they last. The others are asked about elsewhere, or
need nothing done.
"""
LASTS: Final = timedelta(minutes=15)
"""A difference that lasts this long is told."""
LISTED: Final = 1_000
"""A statement counts all variants, and lists this many of those that are not equal."""
FIRST: Final = "0" * 64
"""What the first statement of a connection is chained to."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One variant as both sides showed it. None: no number."""

    product_uuid: str
    variant_uuid: str
    zettle: int | None
    shop: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a variant beside its two reads."""

    ledger: Ledger
    asked: bool = False
    held: bool = False
    there: bool = True
    """Whether the variant is bound to one of the store's."""
    odd: bool = False
    """The store counts the product in another way than Zettle."""
    highest: int = 0
    """The most that Zettle can hold; 0 for no bound."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`separate` variants have two numbers by the merchant's choice, and are not compared."""

    equal: int = 0
    different: tuple[Compared, ...] = ()
    unknown: tuple[Compared, ...] = ()
    separate: int = 0


def compare(
    facts: Mapping[str, tuple[str, Facts]],
    reads: Mapping[Side, Mapping[str, LevelRead]],
) -> Outcome:
    """`facts` are by variant: its product, and what is known of it. Variants that Zettle does not
    track have no number to compare and are left out (S1).
    """
    equal, separate = 0, 0
    different: list[Compared] = []
    unknown: list[Compared] = []
    for variant, (product, known) in sorted(facts.items(), key=lambda one: (one[1][0], one[0])):
        zettle, shop = (_level(reads[side].get(variant)) for side in Side)
        if zettle is Gap.UNTRACKED:
            continue
        if known.ledger.separate:
            separate += 1
            continue
        numbers = (
            zettle if isinstance(zettle, int) else None,
            shop if isinstance(shop, int) else None,
        )
        if None in numbers or known.odd:
            reason = _unknown(zettle, shop, known)
            unknown.append(Compared(product, variant, *numbers, reason))
        elif numbers[0] == numbers[1]:
            equal += 1
        else:
            reason = _different(int(numbers[0] or 0), int(numbers[1] or 0), known)
            different.append(Compared(product, variant, *numbers, reason))
    return Outcome(equal, tuple(different), tuple(unknown), separate)


def _level(read: LevelRead | None) -> int | Gap:
    return Gap.UNKNOWN if read is None else read.level


def _unknown(zettle: int | Gap, shop: int | Gap, known: Facts) -> Reason:
    if known.odd:
        return Reason.COUNTED_OTHERWISE
    if not isinstance(zettle, int):
        return Reason.ZETTLE_UNREAD
    if not known.there:
        return Reason.NOT_THERE
    if shop is Gap.UNTRACKED:
        return Reason.NOT_COUNTED
    return Reason.NOT_THERE if shop is Gap.NOT_CREATED else Reason.SHOP_UNREAD


def _different(zettle: int, shop: int, known: Facts) -> Reason:
    if known.asked:
        return Reason.ASKED
    if known.held:
        return Reason.HELD
    if zettle < 0 and shop <= 0:
        return Reason.BELOW_ZERO
    if known.highest and shop > known.highest == zettle:
        return Reason.FULL
    return Reason.UNDER_WAY if _moves(known.ledger) else Reason.UNEXPLAINED


def _moves(ledger: Ledger) -> bool:
    """Whether a write of ours is to come, or has no answer yet."""
    return any(
        record.to_push or record.pending_write is not None
        for record in (ledger.zettle, ledger.shop)
    )


# ---- The chain -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One variant in a statement, with the names of that day."""

    product: str
    variant: str
    name: str
    sku: str
    zettle: int | None
    shop: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """`number` counts a connection's statements from 1. `previous` is the hash of the one before.
    `different` and `unknown` are the counts; the lists hold `LISTED` rows at most.
    """

    number: int
    previous: str
    made_at: datetime
    account: str
    store: str
    equal: int
    different: int
    unknown: int
    separate: int
    rows_different: tuple[Row, ...] = ()
    rows_unknown: tuple[Row, ...] = ()


def canonical(statement: Statement) -> str:
    """The only text of a statement: JSON with sorted keys, no spaces, and times in UTC to the
    second. Its SHA-256 is the statement's hash.
    """
    plain = {**asdict(statement), "made_at": stamp(statement.made_at), "version": 1}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Link:
    """A stored statement: its text, and what is stored beside it."""

    number: int
    previous: str
    hash: str
    text: str


def broken(links: Sequence[Link]) -> int | None:
    """The number of the first statement that does not fit the chain, or None. `links` are in order
    and may begin with any number: older ones are deleted after a year.
    """
    before: Link | None = None
    for link in links:
        inside = _inside(link.text)
        fits = (
            hash_of(link.text) == link.hash
            and inside == (link.number, link.previous)
            and (before is None or (link.number, link.previous) == (before.number + 1, before.hash))
            and (before is not None or link.number > 1 or link.previous == FIRST)
        )
        if not fits:
            return link.number
        before = link
    return None


def _inside(text: str) -> tuple[object, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return None, None
    return (found.get("number"), found.get("previous")) if isinstance(found, dict) else (None, None)


# ---- When ----------------------------------------------------------------------------------------

NIGHT: Final = time(1, 30)
SPREAD: Final = timedelta(hours=3)
"""Statements are made between half past one and half past four, by the merchant's clock."""
ZONES: Final[Mapping[str, str]] = {
    "SE": "Europe/Stockholm",
    "NO": "Europe/Oslo",
    "DK": "Europe/Copenhagen",
    "FI": "Europe/Helsinki",
    "DE": "Europe/Berlin",
    "GB": "Europe/London",
    "FR": "Europe/Paris",
    "ES": "Europe/Madrid",
    "IT": "Europe/Rome",
    "NL": "Europe/Amsterdam",
    "US": "America/Chicago",
    "MX": "America/Mexico_City",
    "BR": "America/Sao_Paulo",
}


def next_night(country: str, share: float, now: datetime) -> datetime:
    """The next time, in UTC, at which a merchant of this country gets a statement. `share`, from 0
    to 1, spreads the merchants over the night. It is always in the future.
    """
    zone = _zone(country)
    day = now.astimezone(zone).date()
    for ahead in range(3):
        at = _at(day + timedelta(days=ahead), zone) + SPREAD * share
        if at > now:
            return at
    raise AssertionError("one of three nights is in the future")


def _zone(country: str) -> ZoneInfo:
    try:
        return ZoneInfo(ZONES.get(country.upper(), "Europe/Stockholm"))
    except ZoneInfoNotFoundError:
        return ZoneInfo("UTC")


def _at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, NIGHT, zone).astimezone(UTC)


def told(rows: Collection[Compared]) -> list[Compared]:
    """The differences of which the merchant is told when they last."""
    return [one for one in rows if one.reason in TOLD]
