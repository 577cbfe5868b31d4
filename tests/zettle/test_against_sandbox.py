"""Every call of the room, over HTTP, against a Zettle written from its documents; and both readings
of what those leave open.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from brygga.core.failures import Refused, Unanswered
from brygga.core.model import InventoryType, Money, OptionDefinition
from brygga.zettle import events
from brygga.zettle.api.inventory import store_of
from brygga.zettle.values import (
    FeedTooOld,
    Inventory,
    LibraryPage,
    Movement,
    NewProduct,
    NewVariant,
)
from brygga_sandbox.faults import Rule
from tests.zettle.account import HOOK, Account, v1


async def store(account: Account) -> Inventory:
    found = store_of(await account.zettle.inventories())
    assert found is not None
    return found


async def of_type(account: Account, kind: InventoryType) -> str:
    return next(one.uuid for one in await account.zettle.inventories() if one.type is kind)


# ---- Products ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", [False, True])
async def test_products_reads_them_all_paged_or_not(pages: bool) -> None:
    account = Account(products_list_pages=pages)
    many = [
        {
            "uuid": v1(),
            "name": f"Kopp {at}",
            "variants": [{"uuid": v1()}],
            "etag": "A",
            "created": "",
            "updated": "",
        }
        for at in range(1001)
    ]
    account.sandbox.load_products(account.organization, many)

    products, unreadable = await account.zettle.products()

    assert (len(products), len({one.uuid for one in products}), unreadable) == (1001, 1001, ())


@pytest.mark.parametrize("nulls", ["null", "absent", "mixed"])
@pytest.mark.parametrize("vat_as_number", [False, True])
async def test_product_reads_one_however_empty_fields_are_written(
    nulls: str, vat_as_number: bool
) -> None:
    account = Account(nulls=nulls, vat_as_number=vat_as_number)
    uuid, variant = account.mug(vatPercentage=25, description="Blå")

    product = await account.zettle.product(uuid)

    assert product is not None
    assert (product.name, product.description, product.vat_percentage) == (
        "Mugg",
        "Blå",
        Decimal(25),
    )
    assert [(one.uuid, one.sku, one.price) for one in product.variants] == [
        (variant, "MUG-1", Money(24900, "SEK"))
    ]
    assert product.etag == account.till.product(uuid)["etag"]


async def test_product_is_none_when_zettle_has_it_no_more() -> None:
    account = Account()
    uuid, _ = account.mug()
    account.till.delete_product(uuid)

    assert await account.zettle.product(uuid) is None


async def test_library_reads_all_pages_and_then_only_what_changed() -> None:
    account = Account()
    account.sandbox.load_products(
        account.organization,
        [
            {"uuid": v1(), "name": f"Kopp {at}", "variants": [{"uuid": v1()}], "etag": "A"}
            for at in range(1200)
        ],
    )
    kept, _ = account.mug()
    gone, _ = account.mug(name="Fat")

    first = await account.zettle.library_page()
    everything = await account.zettle.library()
    assert isinstance(first, LibraryPage)
    assert isinstance(everything, LibraryPage)
    account.till.edit_product(kept, name="Stor mugg")
    account.till.delete_product(gone)
    changed = await account.zettle.library(everything.until)

    assert (len(first.products), bool(first.next)) == (500, True)
    assert (len(everything.products), everything.until, everything.next) == (1202, first.until, "")
    assert isinstance(changed, LibraryPage)
    assert ([one.name for one in changed.products], changed.deleted) == (["Stor mugg"], (gone,))


@pytest.mark.parametrize("needs_all", [False, True])
async def test_library_has_what_the_till_does_not_show_asked_for_or_not(
    needs_all: bool,
) -> None:
    """By the page, by the link to the next one, and by what changed."""
    account = Account(library_needs_all=needs_all)
    hidden = {"inPos": False, "source": {"external": True, "name": "importen"}}
    rows = [
        {"uuid": v1(), "name": f"Kopp {at}", "variants": [{"uuid": v1()}], "etag": "A"}
        for at in range(501)
    ]
    account.sandbox.load_products(
        account.organization, [*rows, rows[0] | {"uuid": v1(), "metadata": hidden}]
    )

    everything = await account.zettle.library()
    assert isinstance(everything, LibraryPage)
    late, _ = account.mug(metadata=hidden)
    changed = await account.zettle.library(everything.until)

    assert 502 == len(everything.products)
    assert isinstance(changed, LibraryPage)
    assert [late] == [one.uuid for one in changed.products]


async def test_library_says_when_the_feed_is_too_old() -> None:
    account = Account(event_log_lost=True)
    account.mug()
    everything = await account.zettle.library()
    assert isinstance(everything, LibraryPage)

    assert isinstance(await account.zettle.library(everything.until), FeedTooOld)
    assert isinstance(await account.zettle.library(v1()), FeedTooOld)


def form_product() -> NewProduct:
    return NewProduct(
        v1(),
        "Sjal",
        (
            NewVariant(
                v1(), "S", "SJ-S", "7310000000017", Money(24900, "SEK"), (("Storlek", "S"),)
            ),
            NewVariant(v1(), "M", "SJ-M", "", None, (("Storlek", "M"),)),
        ),
        (OptionDefinition("Storlek", ("S", "M")),),
        "Mjuk",
        vat_percentage=Decimal(25),
    )


async def test_create_product_makes_the_product_of_our_form() -> None:
    account = Account()
    new = form_product()

    made = await account.zettle.create_product(new)

    assert (made.uuid, made.name, made.description, made.definitions) == (
        new.uuid,
        "Sjal",
        "Mjuk",
        new.definitions,
    )
    assert [(one.uuid, one.sku, one.barcode, one.price, one.options) for one in made.variants] == [
        (one.uuid, one.sku, one.barcode, one.price, one.options) for one in new.variants
    ]


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_create_product_twice_finds_the_first_one(status: int) -> None:
    account = Account(existing_product_status=status)
    new = form_product()
    await account.zettle.create_product(new)

    again = await account.zettle.create_product(new)

    assert (again.uuid, len(account.organization.products)) == (new.uuid, 1)


@pytest.mark.parametrize("status", [400, 422])
async def test_create_product_names_the_field_that_is_refused(status: int) -> None:
    account = Account(validation_status=status)

    with pytest.raises(Refused) as caught:
        await account.zettle.create_product(replace(form_product(), name="x" * 257))

    assert (caught.value.code, caught.value.status) == ("zettle_input_refused", status)
    assert "name" in caught.value.errors


async def test_picture_gives_the_bytes_a_proper_name() -> None:
    account = Account()
    account.sandbox.add_picture("abc", b"\x89PNG", "image/png")
    url = account.zettle.urls.products.removesuffix("/products") + "/image/product/abc"

    picture = await account.zettle.picture(url)

    assert (picture.name, picture.media_type, picture.content) == (
        "abc.png",
        "image/png",
        b"\x89PNG",
    )


async def test_picture_asks_nobody_but_zettle_and_never_with_a_token() -> None:
    account = Account()

    with pytest.raises(Refused) as caught:
        await account.zettle.picture("http://169.254.169.254/latest")

    assert caught.value.code == "zettle_picture_unreadable"


# ---- Inventory -----------------------------------------------------------------------------------


async def test_inventories_are_empty_until_anything_is_tracked() -> None:
    account = Account()
    assert await account.zettle.inventories() == ()

    account.mug(3)

    assert {one.type for one in await account.zettle.inventories()} == set(InventoryType)


async def test_stock_reads_all_rows_over_pages() -> None:
    account = Account()
    products = [
        {"uuid": v1(), "name": f"Kopp {at}", "variants": [{"uuid": v1()}], "etag": "A"}
        for at in range(1205)
    ]
    levels = {str(one["variants"][0]["uuid"]): at + 1 for at, one in enumerate(products)}  # type: ignore[index]
    account.sandbox.load_products(account.organization, products, levels)

    rows = await account.zettle.stock((await store(account)).uuid)

    assert {row.variant_uuid: row.balance for row in rows} == levels


async def test_stock_of_reads_one_product() -> None:
    account = Account()
    product, variant = account.mug(7)

    rows = await account.zettle.stock_of((await store(account)).uuid, product)

    assert rows is not None
    assert [(row.product_uuid, row.variant_uuid, row.balance) for row in rows] == [
        (product, variant, 7)
    ]


@pytest.mark.parametrize(("as_404", "expected"), [(False, ()), (True, None)])
async def test_stock_of_an_untracked_product_is_never_a_number(
    as_404: bool, expected: tuple[()] | None
) -> None:
    account = Account(untracked_stock_is_404=as_404)
    account.mug(1)
    untracked, _ = account.mug(name="Fat")

    assert await account.zettle.stock_of((await store(account)).uuid, untracked) == expected


@pytest.mark.parametrize("as_404", [False, True])
async def test_stock_of_many_reads_the_tracked_among_them(as_404: bool) -> None:
    account = Account(untracked_stock_is_404=as_404)
    first, one = account.mug(7)
    second, two = account.mug(9, name="Kopp")
    third, _ = account.mug(name="Fat")

    rows = (
        await account.zettle.stock_of_many((await store(account)).uuid, [first, second, third])
    ).rows

    assert {row.variant_uuid: row.balance for row in rows} == {one: 7, two: 9}


@pytest.mark.parametrize("lists_untracked", [False, True])
async def test_tracking_status_answers_for_every_product_that_is_named(
    lists_untracked: bool,
) -> None:
    account = Account(status_lists_untracked=lists_untracked)
    tracked, _ = account.mug(0)
    never, _ = account.mug(name="Fat")
    off, _ = account.mug(1, name="Kopp")
    account.till.track(off, False)

    named = {never: False} if lists_untracked else {}
    assert await account.zettle.tracking_status([tracked, never, off]) == {
        tracked: True,
        off: False,
        **named,
    }
    assert await account.zettle.tracked() == frozenset({tracked})


async def test_set_tracking_switches_on_and_off() -> None:
    account = Account()
    product, _ = account.mug()

    await account.zettle.set_tracking([product], enabled=True)
    assert (await account.zettle.tracking_status([product]))[product]

    await account.zettle.set_tracking([product], enabled=False)
    assert not (await account.zettle.tracking_status([product]))[product]


async def test_move_moves_and_its_identifier_comes_back_in_the_webhook() -> None:
    account = Account()
    product, variant = account.mug(7)
    await account.zettle.subscribe(v1(), HOOK, "ops@brygga.example")
    home, sold = (await store(account)).uuid, await of_type(account, InventoryType.SOLD)
    identifier = v1()

    await account.zettle.move(identifier, [Movement(product, variant, home, sold, 2)])
    await account.sandbox.idle()

    assert account.till.balance(variant) == 5
    event = events.read(account.received[-1][1])
    assert isinstance(event, events.BalanceChanged)
    assert event.external_uuid == identifier
    assert {(product, variant)} == {(row.product_uuid, row.variant_uuid) for row in event.rows}


async def test_a_movement_whose_answer_is_lost_is_unanswered_and_not_sent_twice() -> None:
    account = Account()
    product, variant = account.mug(7)
    home, sold = (await store(account)).uuid, await of_type(account, InventoryType.SOLD)
    account.sandbox.faults.rules.append(Rule("5xx_after", "POST", "*/v3/movements", next=1))

    with pytest.raises(Unanswered):
        await account.zettle.move(v1(), [Movement(product, variant, home, sold, 2)])

    assert account.till.balance(variant) == 5


@pytest.mark.parametrize("status", [400, 404, 409, 422])
async def test_moving_what_is_not_tracked_is_refused_by_name(status: int) -> None:
    account = Account(not_tracked_status=status)
    account.mug(1)
    product, variant = account.mug(name="Fat")
    home, sold = (await store(account)).uuid, await of_type(account, InventoryType.SOLD)

    with pytest.raises(Refused) as caught:
        await account.zettle.move(v1(), [Movement(product, variant, home, sold, 1)])

    assert caught.value.code == "zettle_not_tracked"
