"""Watching beside another app that links the two today: what Brygga would write, and what became of
it without Brygga.

Stock follows the law of the ledger (`core.stock`): a change that one side makes by itself is to be
pushed to the other. Here nothing is pushed. A prediction is right when the other side shows the
change soon, because the other app wrote it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from brygga.core.hands import has_options
from brygga.core.model import (
    CatalogProduct,
    CatalogVariant,
    ObservedProduct,
    ObservedVariant,
    Origin,
    Synced,
)
from brygga.core.overwriting import Differences, Overwritten, product_changes, variant_changes
from brygga.core.reshaping import Reshaping
from brygga.core.stock import Ledger, LevelRead, Side, StockRecord, Timing, observed
from brygga.core.text import code_key, one_line

ON_TIME: Final = timedelta(minutes=2)
"""Within this time a prediction is right. After it, it is late."""
GIVEN_UP: Final = timedelta(hours=1)
"""After this time nothing more is expected of a prediction."""
AT_ONCE: Final = Timing(read_lag_s=0, repeat_s=0)
"""Nothing of ours is written, so no read can trail a write of ours."""
CREATED: Final = "created"
VARIANTS: Final = "variants"
OPTIONS: Final = "options"
"""The fields of predictions that name the variants and the options of a product."""
PICTURE: Final = "image"
"""A variant's picture, which the store renames: it is not compared."""
REMOVED: Final = "removed"
STOCK: Final[Mapping[Side, str]] = {Side.ZETTLE: "stock_zettle", Side.SHOP: "stock_bigcommerce"}
"""The fields of predictions that are about a whole product, or about stock on a side."""


class Outcome(StrEnum):
    OPEN = ""
    RIGHT = "right"
    LATE = "late"
    """It happened, but later than two minutes."""
    DIFFERENT = "different"
    """Something else happened within an hour."""
    MISSING = "missing"
    """Nothing happened within an hour."""


def came_true(made_at: datetime, now: datetime) -> Outcome:
    return Outcome.RIGHT if now - made_at <= ON_TIME else Outcome.LATE


# ---- Stock ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Levels:
    """Both sides' levels of one variant as last shown, and what Brygga would have pushed to each
    that it does not show yet. The two may differ from the beginning: only changes count.
    """

    variant_id: int
    zettle: int
    shop: int
    to_zettle: int = 0
    to_shop: int = 0
    settles_at: datetime | None = None
    """Nothing is predicted before this time: the sides differed when they were first read, perhaps
    because a change was on its way. Every further change begins the wait anew.
    """

    def pushed(self, side: Side) -> int:
        return self.to_zettle if side is Side.ZETTLE else self.to_shop

    def without(self, side: Side, change: int) -> "Levels":
        """Nothing more is expected of this change."""
        if side is Side.ZETTLE:
            return replace(self, to_zettle=self.to_zettle - change)
        return replace(self, to_shop=self.to_shop - change)


def begun(
    before: Levels | None, variant_id: int, both: tuple[int, int], now: datetime
) -> Levels | None:
    """The levels from which changes count. None: they count already.

    Equal numbers count at once, others when they have stayed for two minutes.
    """
    zettle, shop = both
    if before is None or before.variant_id != variant_id:
        equal = max(0, zettle) == shop
        return Levels(variant_id, zettle, shop, settles_at=None if equal else now + ON_TIME)
    if before.settles_at is None:
        return None
    if (before.zettle, before.shop) != both:
        return begun(None, variant_id, both, now)
    return before if now < before.settles_at else replace(before, settles_at=None)


@dataclass(frozen=True, slots=True)
class Followed:
    """`made`: the changes that Brygga would write now, each with its side. They may be in `levels`
    already, when the other app was faster.
    """

    levels: Levels
    made: tuple[tuple[Side, int], ...] = ()


def followed(
    levels: Levels, zettle: int, shop: int, now: datetime, *, shop_first: bool = False
) -> Followed:
    """Both sides as they are read now. `shop_first`: an order in the store caused this read.

    Zettle's number below zero counts as 0, as the store would show it (decision 7).
    """
    read = {Side.ZETTLE: max(0, zettle), Side.SHOP: shop}
    expected = max(0, levels.zettle) + levels.to_zettle - levels.to_shop
    apart = levels.shop - expected
    ledger = Ledger(
        StockRecord(max(0, levels.zettle), levels.to_zettle), StockRecord(expected, levels.to_shop)
    )
    made = []
    for side in (Side.SHOP, Side.ZETTLE) if shop_first else (Side.ZETTLE, Side.SHOP):
        level = read[side] - (apart if side is Side.SHOP else 0)
        ledger = _arrived(ledger, side, level)
        found = observed(ledger, side, LevelRead(level, now), AT_ONCE)
        ledger = found.ledger
        if found.change:
            made.append((side.other, found.change))
    after = Levels(levels.variant_id, zettle, shop, ledger.zettle.to_push, ledger.shop.to_push)
    return Followed(after, tuple(made))


def _arrived(ledger: Ledger, side: Side, level: int) -> Ledger:
    """The part of what is to be pushed that the side shows: somebody else wrote it."""
    record = ledger[side]
    assert isinstance(record.confirmed, int)
    moved = level - record.confirmed
    if moved * record.to_push <= 0:
        return ledger
    part = min(abs(moved), abs(record.to_push)) * (1 if moved > 0 else -1)
    return ledger.with_record(
        side, replace(record, confirmed=record.confirmed + part, to_push=record.to_push - part)
    )


def arrived(changes: Sequence[int], left: int) -> int:
    """How many of the oldest of these open changes have arrived, when `left` is still to come. None
    of them where only a part of one has. Changes that cancel each other have all arrived.
    """
    return next((n for n in range(len(changes), -1, -1) if sum(changes[n:]) == left), 0)


# ---- Products ------------------------------------------------------------------------------------

Field = tuple[str, str]
"""The name of a field, and the Zettle variant that it belongs to, or ""."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A value that Brygga would write to the store. `is_there`: the store shows it already."""

    field: Field
    was: str
    expected: str
    is_there: bool = False


def predicted(
    before: CatalogProduct | None,
    after: CatalogProduct,
    overwritten: Sequence[Overwritten],
) -> tuple[Predicted, ...]:
    """What Brygga would write after a save in Zettle: every field that the store shows otherwise
    (P6). What the save changed and the store shows already was written by the other app.
    """
    found = {
        (one.field, one.variant): Predicted((one.field, one.variant), one.was, one.now)
        for one in overwritten
    }
    if before is not None:
        old = values(before)
        for key, value in values(after).items():
            if key in old and old[key] != value and key not in found:
                found[key] = Predicted(key, old[key], value, is_there=True)
    return tuple(found.values())


def values(product: CatalogProduct) -> dict[Field, str]:
    """The fields that hold one value, as text. A simple product has those of its variant."""
    plain: dict[Field, str] = {
        ("name", ""): product.name,
        ("description", ""): product.description,
        ("page_title", ""): product.page_title,
        ("meta_description", ""): product.meta_description,
        ("url", ""): product.url,
        ("weight", ""): "" if product.weight is None else f"{product.weight:f}",
        ("price", ""): "" if product.price is None else f"{product.price:f}",
    }
    plain[VARIANTS, ""] = _named(product.variants)
    plain[OPTIONS, ""] = ", ".join(option.name for option in product.options)
    for variant in product.variants:
        key = "" if product.is_simple else variant.key
        plain["sku", key] = variant.sku
        plain["upc", key] = variant.upc
        if not product.is_simple:
            plain["price", key] = "" if variant.price is None else f"{variant.price:f}"
    return plain


_TEXTS: Final = frozenset(
    {"name", "description", "page_title", "meta_description", VARIANTS, OPTIONS}
)
_NUMBERS: Final = frozenset({"price", "weight"})


def is_still_wanted(of: Field, expected: str, wanted: CatalogProduct) -> bool:
    """False where Zettle has another value by now, so that nothing more is expected. `expected` may
    be cut at its end.
    """
    now = values(wanted).get(of)
    if now is None or of[0] not in _TEXTS | _NUMBERS:
        return True
    if of[0] in _NUMBERS:
        return Decimal(now or 0) == Decimal(expected or 0)
    return now[: len(expected)] == expected and bool(now) == bool(expected)


@dataclass(frozen=True, slots=True)
class Judged:
    outcome: Outcome
    seen: str = ""


def judged(
    one: Predicted, made_at: datetime, overwritten: Mapping[Field, Overwritten], now: datetime
) -> Judged | None:
    """What became of a field. None: Zettle has another value by now, so nothing is expected of this
    one any more.
    """
    differs = overwritten.get(one.field)
    if differs is None:
        return Judged(came_true(made_at, now), one.expected)
    if differs.now != one.expected:
        return None
    if now - made_at <= GIVEN_UP:
        return Judged(Outcome.OPEN)
    outcome = Outcome.MISSING if differs.was == one.was else Outcome.DIFFERENT
    return Judged(outcome, differs.was)


NO_VARIANTS: Final[Mapping[str, int]] = {}


def variant_ids(
    wanted: CatalogProduct, seen: ObservedProduct, known: Mapping[str, int] = NO_VARIANTS
) -> Mapping[str, int]:
    """Zettle variant uuid -> the store's variant: as it is `known`, by SKU, by option values, or
    the only one.
    """
    if wanted.is_simple:
        base = seen.base_variant_id
        if base is None and len(seen.variants) == 1 and not has_options(seen):
            base = seen.variants[0].variant_id
        return {} if base is None else {wanted.variants[0].key: base}
    there = {one.variant_id for one in seen.variants if one.values}
    found = {one.key: known[one.key] for one in wanted.variants if known.get(one.key) in there}
    by_sku: dict[str, list[int]] = {}
    for seen_one in seen.variants:
        if sku := code_key(seen_one.sku):
            by_sku.setdefault(sku, []).append(seen_one.variant_id)
    by_values = {_labels(one.labels): one.variant_id for one in seen.variants if one.labels}
    for variant in wanted.variants:
        if variant.key in found:
            continue
        same = by_sku.get(code_key(variant.sku), []) if variant.sku else []
        match = same[0] if len(same) == 1 else by_values.get(_labels(variant.values))
        if match is not None and match not in found.values():
            found[variant.key] = match
    return found


@dataclass(frozen=True, slots=True)
class Paired:
    """The store's variants of a product. `ids`: Zettle variant uuid -> the store's variant. `gone`:
    the store's variants that were ours, and that Zettle has no more. `options`: names of options
    that were ours, whether Zettle still has them or not.
    """

    ids: Mapping[str, int]
    gone: Collection[int] = ()
    options: Collection[str] = ()


def paired(
    wanted: CatalogProduct,
    seen: ObservedProduct,
    known: Mapping[str, int],
    before: CatalogProduct | None,
    waiting: Mapping[Field, str],
) -> Paired:
    """`known`: Zettle variant uuid -> the store's variant, as it was paired last. `before`: the
    product before this save. `waiting`: what the store had of each field that is still predicted.
    """
    if before is not None:
        known = {**variant_ids(before, seen), **known}
    ids = variant_ids(wanted, seen, known)
    keys = () if wanted.is_simple else {one.key for one in wanted.variants}
    had = {id_ for key, id_ in known.items() if key not in keys}
    names = waiting.get((VARIANTS, ""), "")
    gone = {
        one.variant_id
        for one in seen.variants
        if one.values
        and one.variant_id not in ids.values()
        and (one.variant_id in had or _is_named(_shown(one), names))
    }
    old = {option.name for option in before.options} if before is not None else set()
    options = waiting.get((OPTIONS, ""), "")
    return Paired(ids, gone, old | {name for name in _names(seen) if _is_named(name, options)})


def differences(
    wanted: CatalogProduct, seen: ObservedProduct, pairs: Paired
) -> tuple[Overwritten, ...]:
    """What Brygga would write to the store's product: its fields and those of its variants, by the
    engine's own comparison, and its options and variants, each as one field.
    """
    there = {one.variant_id: one for one in seen.variants}
    kept = {} if wanted.is_simple else {key: there[id_] for key, id_ in pairs.ids.items()}
    bound = Synced(wanted.key, seen.product_id, Origin.LINKED, variants=pairs.ids)
    shape = Reshaping((), (), kept, bound)
    differs = Differences(wanted, plain=True, turns={})
    product_changes(wanted, seen, shape, differs)
    variant_changes(wanted, bound, seen, shape, differs)
    fields = [one for one in differs.found if one.field != PICTURE]
    return (*fields, *_of_variants(wanted, seen, pairs, kept), *_of_options(wanted, seen, pairs))


def _of_variants(
    wanted: CatalogProduct,
    seen: ObservedProduct,
    pairs: Paired,
    kept: Mapping[str, ObservedVariant],
) -> Sequence[Overwritten]:
    lacks = not wanted.is_simple and len(kept) < len(wanted.variants)
    renamed = any(one.key in kept and not _is_like(kept[one.key], one) for one in wanted.variants)
    if not (lacks or renamed or pairs.gone):
        return ()
    ours = {*pairs.ids.values(), *pairs.gone}
    had = ", ".join(_shown(one) for one in seen.variants if one.variant_id in ours and one.values)
    return [Overwritten(VARIANTS, had, _named(wanted.variants))]


def _of_options(
    wanted: CatalogProduct, seen: ObservedProduct, pairs: Paired
) -> Sequence[Overwritten]:
    names, there = [option.name for option in wanted.options], _names(seen)
    ours = [name for name in there if name in names or name in pairs.options]
    if sorted(ours) == sorted(names):
        return ()
    return [Overwritten(OPTIONS, ", ".join(ours), ", ".join(names))]


def _names(seen: ObservedProduct) -> Sequence[str]:
    """Of the options that its variants show, in their order."""
    labels = [one_line(name) for one in seen.variants for name, _ in one.labels]
    return list(dict.fromkeys(labels))


def _shown(variant: ObservedVariant) -> str:
    return " / ".join(one_line(label) for _, label in variant.labels)


def _named(variants: Sequence[CatalogVariant]) -> str:
    return ", ".join(" / ".join(label for _, label in one.values) for one in variants)


def _is_named(name: str, names: str) -> bool:
    """Whether it is one of the names of such a list."""
    return bool(name) and f", {name}, " in f", {names}, "


def _is_like(shown: ObservedVariant, wanted: CatalogVariant) -> bool:
    """Whether it has the wanted labels, beside any of options that are the merchant's own."""
    labels = Counter(one_line(label) for _, label in shown.labels)
    return Counter(label for _, label in wanted.values) <= labels


def _labels(values: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(label.casefold() for _, label in values))


# ---- The report ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """How many predictions came to each end."""

    of: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def settled(self) -> int:
        return sum(count for outcome, count in self.of.items() if outcome is not Outcome.OPEN)

    @property
    def true(self) -> int:
        """Those that happened, on time or late."""
        return self.of.get(Outcome.RIGHT, 0) + self.of.get(Outcome.LATE, 0)

    @property
    def percent(self) -> float | None:
        """How many of the settled ones happened, from 0 to 100. None while none is settled. 100
        only where all did.
        """
        if not self.settled:
            return None
        exact = 100 * self.true / self.settled
        return 100.0 if self.true == self.settled else min(99.9, round(exact, 1))
