"""BigCommerce's JSON with numbers that nothing of a store's can have: passed over, or unknown, and
never carried on.
"""

from typing import Any

import pytest

from brygga.bigcommerce.shapes import levels, owned_variants, product

BEYOND = [2**63, 10**25, str(2**64)]
"""More than a signed 64-bit number, which is what our disk keeps an id in."""


@pytest.mark.parametrize("id_", BEYOND)
@pytest.mark.parametrize("part", ["images", "videos", "variants"])
def test_a_part_of_a_product_with_no_possible_id_is_passed_over(part: str, id_: int | str) -> None:
    found = product({"id": 7, part: [{"id": 3}, {"id": id_}]})

    assert 1 == len(getattr(found, part))


@pytest.mark.parametrize("id_", BEYOND)
def test_no_product_has_an_id_that_cannot_be_kept(id_: int | str) -> None:
    found = product({"id": id_, "categories": [4, id_], "base_variant_id": id_})

    assert (0, (4,), None) == (found.product_id, found.category_ids, found.base_variant_id)
    assert [] == [*owned_variants([{"id": 3, "product_id": id_}, {"id": id_, "product_id": 7}])]


@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    ("reported", "onhand"),
    [(2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)), (10**15, None), (10**28, None), ("x", None)],
)
def test_a_level_that_no_record_can_have_is_unknown(reported: Any, onhand: int | None) -> None:
    """Unknown never writes (decision 3)."""
    row = {"identity": {"product_id": 7, "variant_id": 8}, "total_inventory_onhand": reported}

    assert [onhand] == [one.onhand for one in levels([row], 1)]
    assert [] == [*levels([{**row, "identity": {"product_id": 7, "variant_id": 2**63}}], 1)]
