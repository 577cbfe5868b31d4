"""Likely duplicates (rule P11)."""

import random
import sys
import time

import pytest

from brygga.core.matching import Certainty, Pair, Reason, alike, distance, likely
from brygga.core.model import ObservedProduct, ObservedVariant, Product, Variant
from tests.core.products.labelled_names import DIFFERENT, SAME

pytestmark = pytest.mark.rule("P11")


def say(text: str) -> None:
    sys.stdout.write(f"\n  matching: {text}")


def till(uuid: str, name: str, sku: str = "", barcode: str = "") -> Product:
    return Product(uuid, name, "E", (Variant(f"v-{uuid}", sku=sku, barcode=barcode),))


def web(product_id: int, name: str, sku: str = "", upc: str = "") -> ObservedProduct:
    return ObservedProduct(product_id, name, variants=(ObservedVariant(product_id + 1, sku, upc),))


def test_names_are_judged_as_a_shopkeeper_would(capsys: pytest.CaptureFixture[str]) -> None:
    """Precision and recall over the labelled pairs; a wrong pair costs a look, a missed one a
    duplicate.
    """
    hits = [pair for pair in SAME if alike(*pair)]
    wrong = [pair for pair in DIFFERENT if alike(*pair)]
    missed = [pair for pair in SAME if pair not in hits]

    precision, recall = len(hits) / (len(hits) + len(wrong)), len(hits) / len(SAME)
    with capsys.disabled():
        say(
            f"{len(SAME) + len(DIFFERENT)} labelled pairs, precision {precision:.3f}, recall "
            f"{recall:.3f}"
        )
        say(f"missed {missed}, wrong {wrong}")
    assert precision >= 0.97
    assert recall >= 0.95


@pytest.mark.parametrize("pair", SAME)
def test_the_search_finds_what_the_judgement_finds(pair: tuple[str, str]) -> None:
    """Looking only where rare letters are shared loses no pair."""
    noise = [
        web(9000 + n, other) for n, (other, _) in enumerate(DIFFERENT) if not alike(pair[0], other)
    ]

    found = {p.product_id for p in likely([till("a", pair[0])], [web(1, pair[1]), *noise])}

    assert (alike(*pair) is not None) == (1 in found)


def test_a_typo_is_shown_beside_the_namesake() -> None:
    """A shop that has the name twice, once misspelt: either may be the one that the merchant
    means.
    """
    found = likely([till("a", "Rosengrund")], [web(1, "Rosengrunt"), web(5, "Rosengrund")])

    assert (Pair("a", 5, Reason.SAME_NAME), Pair("a", 1, Reason.SIMILAR_NAME)) == found


def test_two_products_of_similar_names_on_both_sides_are_not_mixed_up() -> None:
    ours = [till("a", "Rosengrund"), till("b", "Rosengrunt")]

    found = likely(ours, [web(1, "Rosengrund"), web(5, "Rosengrunt")])

    assert (Pair("a", 1, Reason.SAME_NAME), Pair("b", 5, Reason.SAME_NAME)) == found


def test_an_equal_sku_or_barcode_is_certain_whatever_the_names_say() -> None:
    ours = [till("a", "Mugg", sku=" mug-1"), till("b", "Skål", barcode="0012345678905")]
    theirs = [web(1, "Something else", sku="MUG-1"), web(5, "Another thing", upc="012345678905")]

    found = likely(ours, theirs)

    assert (Pair("a", 1, Reason.SKU), Pair("b", 5, Reason.BARCODE)) == found
    assert {Certainty.CERTAIN} == {pair.certainty for pair in found}


def test_a_certain_partner_hides_the_merely_likely_ones() -> None:
    found = likely([till("a", "Mugg", sku="MUG-1")], [web(1, "Mugg"), web(5, "Kopp", sku="MUG-1")])

    assert (Pair("a", 5, Reason.SKU),) == found


def test_short_house_codes_are_no_barcodes() -> None:
    assert () == likely([till("a", "Mugg", barcode="0001")], [web(1, "Skål", upc="1")])


def test_every_pair_of_equal_names_is_shown() -> None:
    """Two products of one name in the shop: the merchant chooses."""
    found = likely([till("a", "Mugg")], [web(1, "mugg"), web(5, "MUGG")])

    assert [1, 5] == [pair.product_id for pair in found]


@pytest.mark.parametrize(
    ("one", "other", "slips"), [("mugg", "mugg", 0), ("mugg", "mug", 1), ("mugg", "mgug", 1),
    ("mugg", "kopp", 3), ("a", "abcd", 3)]
)  # fmt: skip
def test_a_slip_is_a_letter_more_less_wrong_or_swapped(one: str, other: str, slips: int) -> None:
    assert slips == distance(one, other, limit=2)


@pytest.mark.slow
def test_ten_thousand_against_ten_thousand_looks_at_few_pairs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No timed assert: the time is printed, what is asserted is that all planted pairs are
    found.
    """
    dice = random.Random(7)
    kinds = [
        "mugg",
        "skål",
        "tallrik",
        "ljusstake",
        "handduk",
        "karaff",
        "pläd",
        "kudde",
        "fat",
        "bricka",
    ]
    series = [
        "".join(dice.choice("bdfgklmnprstv") + dice.choice("aeiouyåäö") for _ in range(4))
        for _ in range(1500)
    ]
    names = sorted(
        {f"{dice.choice(series)} {dice.choice(kinds)} {dice.randint(1, 60)}" for _ in range(11_000)}
    )[:10_000]
    ours = [till(str(n), name) for n, name in enumerate(names)]
    theirs = [web(n, name.upper() if n % 2 else f"{name[0]}{name}") for n, name in enumerate(names)]

    begun = time.perf_counter()
    found = {(pair.zettle_uuid, pair.product_id) for pair in likely(ours, theirs)}
    with capsys.disabled():
        say(
            f"{len(names)} x {len(names)} names in {time.perf_counter() - begun:.1f} s, "
            f"{len(found)} pairs"
        )

    assert {(str(n), n) for n in range(1, len(names), 2)} <= found
