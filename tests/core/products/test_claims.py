"""Clashes that can be foreseen are avoided (decision 6)."""

from dataclasses import replace

from brygga.core import clashes
from brygga.core.claims import Claims, Holder, values_held, values_of
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct, ObservedVariant, Product, Variant
from tests.core.products.made_up_products import TERMS, cup


def wanted(product: Product) -> CatalogProduct:
    found = desired(product, TERMS).product
    assert found is not None
    return found


def mug(key: str, name: str = "Mugg", sku: str = "", slug: str = "") -> CatalogProduct:
    return wanted(cup(uuid=key, name=name, slug=slug, variants=(Variant(f"{key}-v", sku=sku),)))


def test_the_second_of_a_batch_gets_a_suffix_and_names_the_first() -> None:
    claims = Claims()

    first, none = claims.taken(mug("a", sku="M-1", slug="mugg"))
    second, found = claims.taken(mug("b", sku="m-1", slug="mugg"))

    assert ("Mugg", "M-1", "/mugg/", ()) == (first.name, first.variants[0].sku, first.url, none)
    assert (clashes.distinct_name("Mugg", "b"), clashes.distinct_url("/mugg/", "b")) == (
        second.name,
        second.url,
    )
    assert clashes.distinct_sku("m-1", "b-v") == second.variants[0].sku
    assert [("name", "a"), ("url", "a"), ("sku", "a")] == [
        (clash.field, clash.holder.key) for clash in found
    ]


def test_names_are_told_apart_by_case_skus_are_not() -> None:
    claims = Claims()
    claims.taken(mug("a", "MUGG", sku="ABC"))

    assert ["sku"] == [clash.field for clash in claims.taken(mug("b", "Mugg", sku="abc"))[1]]


def test_what_a_product_has_already_is_no_clash_with_itself() -> None:
    """It went missing in the shop and is made again (P10)."""
    claims = Claims()
    claims.add(Holder("a", "Mugg", 7), values_of(mug("a", sku="M-1")))

    assert (mug("a", sku="M-1"), ()) == claims.taken(mug("a", sku="M-1"))


def test_a_suffixed_form_is_claimed_as_well() -> None:
    claims = Claims()
    claims.add(Holder("a", "Mugg", 7), values_of(mug("a")))
    claims.add(Holder("c", "c", 8), values_of(mug("c", clashes.distinct_name("Mugg", "b"))))

    second, _ = claims.taken(mug("b"))

    assert clashes.distinct_name("Mugg", "b", 1) == second.name


def test_what_counts_is_what_a_product_holds_in_the_shop_not_its_zettle_name() -> None:
    claims = Claims()
    renamed = ObservedProduct(
        7, "Eget namn", url="/mugg/", variants=(ObservedVariant(1, sku="M-1"),)
    )
    claims.add(Holder("a", "Mugg", 7), values_held(renamed))

    _, found = claims.taken(mug("b", "Mugg", sku="m-1", slug="mugg"))

    assert ["url", "sku"] == [clash.field for clash in found]


def test_a_sku_is_left_out_when_its_suffix_no_longer_fits() -> None:
    claims = Claims()
    long = "x" * clashes.SKU_LIMIT
    claims.taken(mug("a", sku=long))

    product, found = claims.taken(mug("b", "Kopp", sku=long))

    assert ("", [""]) == (product.variants[0].sku, [clash.written for clash in found])


def test_a_clash_seen_by_the_shop_suffixes_the_plain_name_again() -> None:
    plain = mug("b")
    sent = replace(plain, name=clashes.distinct_name("Mugg", "b"))

    assert clashes.distinct_name("Mugg", "b", 1) == clashes.renamed(sent, plain, "name", 1).name
