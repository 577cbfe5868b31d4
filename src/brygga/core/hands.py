"""What the merchant changed in the store on a product of ours (decisions 17 and 18).

It answers two questions about a product as BigCommerce shows it: at which level it is counted, and
which of its variants are ours. It compares no fields: `planning` does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from brygga.core.model import CatalogVariant, ObservedProduct, ObservedVariant, Synced, Tracking


class Counting(StrEnum):
    """How BigCommerce counts a product of ours, compared with Zettle."""

    ALIKE = ""
    """One number for each Zettle variant."""
    WHOLE = "whole"
    """Simple in Zettle, with options in BigCommerce, and one number for the product. That number is
    Zettle's.
    """
    SPLIT = "split"
    """Simple in Zettle, with options in BigCommerce, and a number for each variant. None of them is
    Zettle's.
    """
    LUMPED = "lumped"
    """With variants in Zettle, and one number for the product in BigCommerce. It is no variant's.
    """
    BASE = "base"
    """Simple on both sides, and counted by its only variant. It has one number, but a switch of the
    level forgets it (bigcommerce facts 5.4).
    """
    OFF = "off"
    """BigCommerce does not count it."""

    @property
    def is_paused(self) -> bool:
        """True where there is no number to share: neither side moves the other."""
        return self in {Counting.SPLIT, Counting.LUMPED}

    @property
    def is_shared(self) -> bool:
        """True where the number in BigCommerce is Zettle's."""
        return not self.is_paused and self is not Counting.OFF


def level_of(synced: Synced) -> Tracking:
    """The level at which Zettle counts the product, as BigCommerce names it (bigcommerce facts
    5.2).
    """
    return Tracking.VARIANT if synced.options else Tracking.PRODUCT


def counting(synced: Synced, seen: ObservedProduct) -> Counting:
    """At which level BigCommerce counts the product.

    | in Zettle | has options in BigCommerce | counted by product | by variant | not |
    |---|---|---|---|---|
    | simple | no | alike | base | off |
    | simple | yes | whole | split | off |
    | with variants | yes | lumped | alike | off |
    | with variants | no | alike: all its variants are missing | alike | off |
    """
    if seen.tracking is Tracking.NONE:
        return Counting.OFF
    divided, by_product = has_options(seen), seen.tracking is Tracking.PRODUCT
    if synced.options:
        return Counting.LUMPED if divided and by_product else Counting.ALIKE
    if divided:
        return Counting.WHOLE if by_product else Counting.SPLIT
    return Counting.ALIKE if by_product else Counting.BASE


def whole_id(seen: ObservedProduct, before: int | None) -> int:
    """The id that stands for a variant id when the product is simple in Zettle and has options in
    BigCommerce: no single variant is ours there.

    It is negative and names a variant that exists now. When that variant is gone, the options may
    have been recreated, and the number with them.
    """
    ids = {variant.variant_id for variant in seen.variants}
    return before if before is not None and -before in ids else -min(ids)


def is_whole(variant_id: int) -> bool:
    return variant_id < 0


def is_there(variant_id: int, seen: ObservedProduct) -> bool:
    """Whether the catalogue has the variant of this id."""
    return any(variant.variant_id == abs(variant_id) for variant in seen.variants)


def is_odd(synced: Synced, known: Counting, seen: ObservedProduct) -> bool:
    """True when the product has changed: it is counted in another way, or a variant of ours is
    missing.
    """
    if counting(synced, seen) is not known:
        return True
    return not all(is_there(variant_id, seen) for variant_id in synced.variants.values())


def has_options(seen: ObservedProduct) -> bool:
    """True when shoppers choose one of several variants in BigCommerce."""
    return any(variant.values for variant in seen.variants)


@dataclass(frozen=True, slots=True)
class Found:
    """A product of ours as it is in BigCommerce. `variants` are those that are ours now, by Zettle
    uuid.
    """

    counting: Counting
    variants: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    bound_again: tuple[str, ...] = ()
    """Variants with a new variant id: the merchant recreated them."""
    missing: tuple[str, ...] = ()
    """Variants that were ours and are gone."""


def found(wanted: Sequence[CatalogVariant], synced: Synced, seen: ObservedProduct) -> Found | None:
    """The product as it is in the store. None where BigCommerce's answer has no variant at all:
    every product has one, so the answer says nothing (bigcommerce facts 3.1).

    A variant that is gone is bound again to the one with the same option values, or else with the
    same SKU, if only one matches.
    """
    if not seen.variants:
        return None
    how = counting(synced, seen)
    if not synced.options:
        return _simple(wanted, synced, seen, how)
    there = {variant.variant_id: variant for variant in seen.variants if variant.values}
    kept = {key: id_ for key, id_ in synced.variants.items() if id_ in there}
    free = [variant for id_, variant in there.items() if id_ not in kept.values()]
    back = _back([variant for variant in wanted if variant.key not in kept], synced, free)
    missing = tuple(key for key in synced.variants if key not in kept and key not in back)
    return Found(how, {**kept, **back}, tuple(back), missing)


def _simple(
    wanted: Sequence[CatalogVariant], synced: Synced, seen: ObservedProduct, how: Counting
) -> Found:
    key = wanted[0].key
    before = synced.variants.get(key)
    now = (
        whole_id(seen, before)
        if has_options(seen)
        else seen.base_variant_id or seen.variants[0].variant_id
    )
    return Found(how, {key: now}, () if before in (None, now) else (key,))


def _back(
    gone: Iterable[CatalogVariant], synced: Synced, free: Sequence[ObservedVariant]
) -> dict[str, int]:
    candidates: dict[str, list[int]] = {}
    for variant in gone:
        alike = [one.variant_id for one in free if _has_values(one, variant, synced)]
        sku = variant.sku.casefold()
        named = [one.variant_id for one in free if sku and one.sku.casefold() == sku]
        both = [id_ for id_ in alike if id_ in named]
        candidates[variant.key] = both or alike or named
    claims = [id_ for ids in candidates.values() for id_ in ids]
    return {
        key: ids[0]
        for key, ids in candidates.items()
        if len(ids) == 1 and claims.count(ids[0]) == 1
    }


def _has_values(seen: ObservedVariant, wanted: CatalogVariant, synced: Synced) -> bool:
    """Whether its option values include the wanted ones: by name, or by the ids that we have for
    them (a merchant may have renamed them).
    """
    names = {(name.casefold(), label.casefold()) for name, label in seen.labels}
    if {(name.casefold(), label.casefold()) for name, label in wanted.values} <= names:
        return True
    ids = {
        (synced.options.get(name, 0), synced.values.get((name, label), 0))
        for name, label in wanted.values
    }
    return ids <= set(seen.values)
