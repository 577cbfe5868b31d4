"""One tree perturbed twice gives the other two; the plan brings them together (docs/design.md,
"Products").
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, currently_in_test_context, given, note, settings
from hypothesis import strategies as st

from brygga.core import clashes
from brygga.core.claims import Claims
from brygga.core.handover import turns, wishes_of
from brygga.core.mapping import desired
from brygga.core.model import (
    CatalogProduct,
    ObservedImage,
    ObservedProduct,
    ObservedValue,
    ObservedVariant,
    Product,
)
from brygga.core.operations import CreateProduct, DeleteOption
from brygga.core.planning import plan
from brygga.core.terms import Terms
from tests.core.products.made_up_products import NO_PRICES, TERMS, products, saved_again, shirt
from tests.core.products.pure_shop import PureShop

terms_kinds = st.sampled_from([TERMS, NO_PRICES, replace(TERMS, weight_unit=None)])


def wanted_of(product: Product, terms: Terms) -> CatalogProduct:
    mapped = desired(product, terms)
    assert mapped.product is not None, mapped.refusal
    return mapped.product


def created_shop(product: Product, terms: Terms) -> PureShop:
    shop = PureShop()
    wanted = wanted_of(product, terms)
    shop.apply(plan(wanted, None, None, terms, etag=product.etag).operations)
    shop.seal(wanted, product.etag)
    return shop


def told(what: str) -> None:
    if currently_in_test_context():
        note(what)


def synced_again(shop: PureShop, product: Product, terms: Terms, etag: str) -> list[object]:
    """One round of the engine: plan, remember the children, apply, seal."""
    wanted = wanted_of(product, terms)
    made = plan(wanted, shop.synced, shop.product, terms, etag=etag)
    told(f"operations: {made.operations}")
    assert not made.needs_options, "the pure shop always shows its options"
    if made.children is not None:
        shop.synced = made.children
    shop.apply(made.operations)
    shop.seal(wanted, etag)
    return list(made.operations)


def handed_back(shop: PureShop, product: Product, terms: Terms, etag: str) -> list[object]:
    """What the engine does with a suffix that can go: values are written by turns (decision 19)."""
    wanted = wanted_of(product, terms)
    bound, seen = shop.bound(), shop.seen()
    given = turns(wishes_of(wanted, bound, seen), Claims()).get(wanted.key, {})
    made = plan(wanted, bound, seen, terms, etag=etag, turns=given)
    told(f"handed back: {made.operations}")
    shop.apply(made.operations)
    shop.seal(wanted, etag)
    return list(made.operations)


@st.composite
def edited(draw: st.DrawFn, seen: ObservedProduct) -> ObservedProduct:
    """The product after the merchant has worked on it in BigCommerce."""
    own: dict[str, object] = {
        "name": "Min egen mugg",
        "description": "<p>Eget</p>",
        "weight": Decimal(9),
        "page_title": "Eget",
        "url": "/eget/",
        "price": Decimal(77),
        "category_ids": (23, 99),
        "is_visible": True,
        "tax_class_id": 3,
        "sku": "EGET",
    }
    changes = {name: own[name] for name in draw(st.sets(st.sampled_from(sorted(own))))}
    images = tuple(i for i in seen.images if draw(st.booleans()))
    if draw(st.booleans()):
        images = (*(replace(i, is_thumbnail=False) for i in images), ObservedImage(9001, True, 0))
    changes["images"] = images
    changes["videos"] = tuple(v for v in seen.videos if draw(st.booleans()))
    if seen.options:
        changes["variants"] = _edited_variants(draw, seen.variants)
        if draw(st.booleans()):
            changes |= _own_variant(seen, changes["variants"])  # type: ignore[arg-type]
    return replace(seen, **changes)  # type: ignore[arg-type]


def _edited_variants(
    draw: st.DrawFn, variants: tuple[ObservedVariant, ...]
) -> tuple[ObservedVariant, ...]:
    kept = [v for v in variants if draw(st.integers(0, 3))]
    return tuple(replace(v, price=Decimal(5), upc="99") if draw(st.booleans()) else v for v in kept)


def _own_variant(seen: ObservedProduct, variants: tuple[ObservedVariant, ...]) -> dict[str, object]:
    """A value and a variant that the merchant added."""
    assert seen.options
    first = seen.options[0]
    value = ObservedValue(9002, "Merchant's", 99)
    options = (replace(first, values=(*first.values, value)), *seen.options[1:])
    pairs = [(o.option_id, o.values[0].value_id) for o in options[1:]]
    labels = [(o.name, o.values[0].label) for o in options[1:]]
    own = ObservedVariant(
        9003,
        "OWN",
        values=((first.option_id, 9002), *pairs),
        labels=((first.name, "Merchant's"), *labels),
    )
    return {"options": options, "variants": (*variants, own)}


def assert_zettles_fields_hold(wanted: CatalogProduct, shop: PureShop) -> None:
    seen, bound = shop.seen(), shop.bound()
    assert wanted.name == seen.name
    assert wanted.description == seen.description
    assert wanted.weight in {None, seen.weight}
    assert (wanted.page_title, wanted.meta_description) == (seen.page_title, seen.meta_description)
    assert wanted.url in {"", seen.url}
    sources = [i.source for i in wanted.images]
    assert set(sources) == set(bound.images)
    assert set(bound.images.values()) <= {i.image_id for i in seen.images}
    assert set(wanted.videos) <= {v.video_id for v in seen.videos}
    if sources:
        assert [i.image_id for i in seen.images if i.is_thumbnail] == [bound.images[sources[0]]]
    if wanted.is_simple:
        (only,) = wanted.variants
        assert (only.sku, only.upc, only.gtin) == (seen.sku, seen.upc, seen.gtin)
        assert wanted.price in {None, seen.price}
    else:
        assert_variants_hold(wanted, shop)


def assert_variants_hold(wanted: CatalogProduct, shop: PureShop) -> None:
    seen, bound = shop.seen(), shop.bound()
    by_id = {v.variant_id: v for v in seen.variants}
    for variant in wanted.variants:
        found = by_id[bound.variants[variant.key]]
        assert dict(variant.values).items() <= dict(found.labels).items()
        generated = clashes.generated_sku(variant.key)
        assert found.sku in ({variant.sku} if variant.sku else {"", generated})
        assert (variant.upc, variant.gtin) == (found.upc, found.gtin)
        assert variant.price in {None, found.price}
        assert variant.image == bound.variant_images.get(variant.key, "")
    assert {v.key for v in wanted.variants} == set(bound.variants)


def merchants_own(seen: ObservedProduct, terms: Terms) -> tuple[object, ...]:
    own = (seen.category_ids, seen.is_visible, seen.tax_class_id)
    return own if terms.prices else (*own, seen.price)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), terms=terms_kinds)
@pytest.mark.rule("P4", "P6", "C6", "C8")
def test_one_tree_perturbed_twice_comes_together_again(data: st.DataObject, terms: Terms) -> None:
    """After any save in Zettle and any edit in BigCommerce: Zettle's fields hold, the merchant's
    stay, and nothing is left to do. A suffix that nobody needs any more goes.
    """
    first = data.draw(products())
    shop = created_shop(first, terms)
    shop.product = data.draw(edited(shop.seen()))
    own_before = merchants_own(shop.seen(), terms)
    second = data.draw(saved_again(first))

    synced_again(shop, second, terms, "E2")
    second_round = synced_again(shop, second, terms, "E3")
    third_round = synced_again(shop, second, terms, "E4")
    handed_back(shop, second, terms, "E5")
    handed_back(shop, second, terms, "E6")
    last = handed_back(shop, second, terms, "E7")

    assert_zettles_fields_hold(wanted_of(second, terms), shop)
    assert own_before == merchants_own(shop.seen(), terms)
    assert [] == third_round, second_round
    assert [] == last


@pytest.mark.rule("P4", "C6")
def test_a_suffix_goes_when_the_variant_that_had_the_sku_gets_another() -> None:
    """Two variants have one SKU. The merchant deletes the first in the store, and Zettle gives it
    no SKU: the second has the plain one then.
    """
    first = shirt("S", "M")
    one, two = (replace(variant, sku="C") for variant in first.variants)
    first = replace(first, variants=(one, two))
    shop = created_shop(first, TERMS)
    shop.product = replace(shop.seen(), variants=shop.seen().variants[1:])
    second = replace(first, etag="E2", variants=(replace(one, sku=""), two))

    synced_again(shop, second, TERMS, "E2")
    between = {variant.sku for variant in shop.seen().variants}
    handed_back(shop, second, TERMS, "E3")

    assert {clashes.generated_sku(one.uuid), clashes.distinct_sku("C", two.uuid)} == between
    assert {clashes.generated_sku(one.uuid), "C"} == {
        variant.sku for variant in shop.seen().variants
    }


@settings(max_examples=40, deadline=None)
@given(data=st.data(), terms=terms_kinds)
@pytest.mark.rule("P6")
def test_what_the_merchant_added_stays(data: st.DataObject, terms: Terms) -> None:
    """Images and variants that we did not write are there after any sync; a variant at least while
    its options are.
    """
    first = data.draw(products())
    shop = created_shop(first, terms)
    shop.product = data.draw(edited(shop.seen()))
    added_images = {i for i in shop.seen().images if i.image_id > 9000}
    added_variants = {v.variant_id for v in shop.seen().variants if v.variant_id > 9000}

    synced_again(shop, data.draw(saved_again(first)), terms, "E2")

    assert {i.image_id for i in added_images} <= {i.image_id for i in shop.seen().images}
    if not any(isinstance(operation, DeleteOption) for operation in shop.log):
        assert added_variants <= {v.variant_id for v in shop.seen().variants}


@settings(max_examples=20, deadline=None)
@given(product=products(), terms=terms_kinds)
@pytest.mark.rule("P6")
def test_an_unchanged_product_is_left_alone(product: Product, terms: Terms) -> None:
    """Row 2: whatever was done in BigCommerce stays until the next save in Zettle."""
    shop = created_shop(product, terms)

    made = plan(
        wanted_of(product, terms),
        shop.synced,
        replace(shop.seen(), name="Eget"),
        terms,
        etag=product.etag,
    )

    assert () == made.operations


@settings(max_examples=20, deadline=None)
@given(product=products(), terms=terms_kinds)
@pytest.mark.rule("P10")
def test_a_product_gone_from_the_shop_is_made_again_at_the_next_save(
    product: Product, terms: Terms
) -> None:
    shop = created_shop(product, terms)

    (operation,) = plan(wanted_of(product, terms), shop.synced, None, terms, etag="E2").operations

    assert isinstance(operation, CreateProduct)
