"""What a merchant's hands in the store did to a product of ours, seen in one reading (decisions 17
and 18).
"""

from dataclasses import replace

import pytest

from brygga.core import hands
from brygga.core.hands import Counting
from brygga.core.model import CatalogVariant, ObservedProduct, ObservedVariant, Synced, Tracking

SIZE = "Storlek"
SYNCED = Synced(
    "p",
    1,
    variants={"s": 11, "m": 12},
    options={SIZE: 5},
    values={(SIZE, "S"): 51, (SIZE, "M"): 52},
)
SIMPLE = Synced("p", 1, variants={"s": 11})
WANTED = tuple(
    CatalogVariant(key, sku=f"TR-{key}", values=((SIZE, key.upper()),)) for key in ("s", "m")
)


def variant(id_: int, label: str = "", value: int = 0, sku: str = "") -> ObservedVariant:
    values = (((5, value),), ((SIZE, label),)) if label else ((), ())
    return ObservedVariant(id_, sku=sku, values=values[0], labels=values[1])


SMALL, MEDIUM = variant(11, "S", 51, "TR-s"), variant(12, "M", 52, "TR-m")


def shown(*variants: ObservedVariant, tracking: Tracking = Tracking.VARIANT) -> ObservedProduct:
    base = variants[0].variant_id if variants and not variants[0].values else None
    return ObservedProduct(1, "Tröja", tracking=tracking, base_variant_id=base, variants=variants)


@pytest.mark.parametrize(
    ("synced", "seen", "how"),
    [
        (SIMPLE, shown(variant(11), tracking=Tracking.PRODUCT), Counting.ALIKE),
        (SIMPLE, shown(variant(11), tracking=Tracking.VARIANT), Counting.BASE),
        (SIMPLE, shown(SMALL, MEDIUM, tracking=Tracking.PRODUCT), Counting.WHOLE),
        (SIMPLE, shown(SMALL, MEDIUM), Counting.SPLIT),
        (SIMPLE, shown(SMALL, MEDIUM, tracking=Tracking.NONE), Counting.OFF),
        (SYNCED, shown(SMALL, MEDIUM), Counting.ALIKE),
        (SYNCED, shown(SMALL, MEDIUM, tracking=Tracking.PRODUCT), Counting.LUMPED),
        (SYNCED, shown(SMALL, MEDIUM, tracking=Tracking.NONE), Counting.OFF),
        (SYNCED, shown(variant(19), tracking=Tracking.PRODUCT), Counting.ALIKE),
    ],
)
def test_a_product_is_counted_as_in_zettle_or_otherwise(
    synced: Synced, seen: ObservedProduct, how: Counting
) -> None:
    """Decision 18: one number, one level."""
    assert how is hands.counting(synced, seen)


@pytest.mark.parametrize(
    "back",
    [
        variant(22, "M", 52, "OTHER"),
        variant(22, "m", 62, ""),
        variant(22, "Medium", 62, "tr-M"),
        variant(22, "Medium", 52, ""),
    ],
)
def test_the_only_candidate_is_bound_again(back: ObservedVariant) -> None:
    """By its values, by the ids of its values, or by its SKU in any letters (decision 17)."""
    found = hands.found(WANTED, SYNCED, shown(SMALL, back))

    assert found is not None
    assert ({"s": 11, "m": 22}, ("m",), ()) == (found.variants, found.bound_again, found.missing)


def test_of_two_candidates_the_sku_decides() -> None:
    """Decision 17: the same values twice, as after an option that the merchant added."""
    two = (variant(22, "M", 52, "OTHER"), variant(23, "M", 52, "TR-m"))
    found, none = (
        hands.found(WANTED, SYNCED, shown(SMALL, *of))
        for of in (two, (two[0], replace(two[0], variant_id=24)))
    )

    assert found is not None
    assert none is not None
    assert {"s": 11, "m": 23} == found.variants
    assert (("m",), {"s": 11}) == (none.missing, none.variants)


def test_one_candidate_is_not_two_variants() -> None:
    """Decision 17."""
    found = hands.found(WANTED, SYNCED, shown(variant(22, "S", 51, "TR-m")))

    assert found is not None
    assert ({}, {"s", "m"}) == (found.variants, set(found.missing))


def test_an_answer_without_variants_says_nothing() -> None:
    """Every product has one (decision 15)."""
    assert hands.found(WANTED, SYNCED, shown()) is None


def test_a_simple_product_with_options_is_none_of_its_variants() -> None:
    """Decision 17."""
    given = hands.found(WANTED[:1], SIMPLE, shown(SMALL, MEDIUM, tracking=Tracking.PRODUCT))
    taken = hands.found(
        WANTED[:1],
        replace(SIMPLE, variants={"s": -11}),
        shown(variant(31), tracking=Tracking.PRODUCT),
    )

    assert given is not None
    assert taken is not None
    assert ({"s": -11}, {"s": 31}) == (given.variants, taken.variants)


def test_options_made_again_are_others() -> None:
    """Their product's number may be another one too; while one of them stands, it is the same
    (decision 17).
    """
    whole = replace(SIMPLE, variants={"s": -11})
    stays, anew = (
        hands.found(WANTED[:1], whole, shown(*of, tracking=Tracking.PRODUCT))
        for of in ((variant(9, "X", 50), SMALL), (variant(41, "S", 61), variant(42, "M", 62)))
    )

    assert stays is not None
    assert anew is not None
    assert ({"s": -11}, {"s": -41}) == (stays.variants, anew.variants)
    assert ((), ("s",)) == (stays.bound_again, anew.bound_again)
