"""Each field that is synced: created, changed, cleared, and edited in the shop meanwhile (rules P1,
P2, P6, S1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from brygga.core.report import Code
from tests.rules.stack import JSON, DemoStack, sized, sizes_of

PICTURES = "https://zettle.town.test/image/product"
EAN, OTHER_EAN = "7310865004703", "4006381333931"
Read = Callable[[JSON], Any]


@dataclass(frozen=True)
class Field:
    """One field of rule P1: how it is created, changed and cleared in Zettle, and how it reads in
    the shop each time.

    `variant` are changes of the only variant, `product` of the product. `edit` is what a merchant
    types over it in the shop.
    """

    read: Read
    shown: tuple[Any, Any, Any]
    product: tuple[JSON, JSON, JSON] = ({}, {}, {})
    variant: tuple[JSON, JSON, JSON] = ({}, {}, {})
    edit: JSON = field(default_factory=dict)


def online(**fields: Any) -> JSON:
    return {"online": {"status": "ACTIVE", **fields}}


def seo(**fields: Any) -> JSON:
    return online(seo=fields)


def weighing(grams: int | None) -> JSON:
    shipping = (
        None if grams is None else {"shippingPricingModel": "STANDARD", "weightInGrams": grams}
    )
    return online(shipping=shipping)


def video(*links: str) -> JSON:
    return online(presentation={"mediaUrls": [*links]} if links else None)


def pictured(name: str) -> JSON:
    return {"presentation": {"imageUrl": f"{PICTURES}/{name}.png"} if name else None}


def of(name: str) -> Read:
    return lambda shown: shown[name]


def pictures(shown: JSON) -> list[tuple[bool, str]]:
    return [
        (image["is_thumbnail"], image["image_file"].rpartition("/")[2][:1])
        for image in shown["images"]
    ]


def videos(shown: JSON) -> list[str]:
    return [one["video_id"] for one in shown["videos"]]


FIELDS: Mapping[str, Field] = {
    "description": Field(
        of("description"),
        ("<p>Drejad för hand<br>Tål disk</p>", "<p>Glaserad</p>", ""),
        product=({"description": ("Drejad för hand\nTål "
"disk")}, {"description": "Glaserad"}, {"description": None}),
        edit={"description": "<p>Eget</p>"},
    ),
    "online description": Field(
        of("description"),
        ("<p>För webben</p>", "<p>Ny för webben</p>", "<p>För kassan</p>"),
        product=(
            {"description": "För kassan", **online(description="För webben")},
            online(description="Ny för webben"),
            online(description=None),
        ),
        edit={"description": "<p>Eget</p>"},
    ),
    "SKU": Field(of("sku"), ("A-1", "A-2", ""), variant=({"sku": "A-1"}, {"sku": "A-2"},
    {"sku": None}), edit={"sku": "X"}),
    "barcode": Field(
        lambda shown: (shown["upc"], shown["gtin"]),
        ((EAN, EAN), (OTHER_EAN, OTHER_EAN), ("", "")),
        variant=({"barcode": EAN}, {"barcode": OTHER_EAN}, {"barcode": None}),
        edit={"upc": "1", "gtin": ""},
    ),
    "price": Field(
        of("price"),
        (249, 129, 129),  # an open price is never written (decision 10)
        variant=({"price": 24900}, {"price": 12900}, {"price": None}),
        edit={"price": 1},
    ),
    "weight": Field(
        of("weight"),
        (Decimal("0.45"), Decimal("1.2"), 0),
        product=(weighing(450), weighing(1200), weighing(None)),
        edit={"weight": 9},
    ),
    "SEO title": Field(
        of("page_title"),
        ("Mugg | Lind", "Kopp | Lind", ""),
        product=(seo(title="Mugg | Lind"), seo(title="Kopp | Lind"), seo(title=None)),
        edit={"page_title": "Eget"},
    ),
    "SEO description": Field(
        of("meta_description"),
        ("Handgjord", "Drejad", ""),
        product=(seo(metaDescription="Handgjord"), seo(metaDescription="Drejad"),
        seo(metaDescription=None)),
        edit={"meta_description": "Eget"},
    ),
    "address": Field(
        lambda shown: shown["custom_url"]["url"],
        ("/stor-mugg/", "/liten-mugg/", "/liten-mugg/"),  # no product is without an address
        product=(seo(slug="stor-mugg"), seo(slug="liten-mugg"), seo(slug=None)),
        edit={"custom_url": {"url": "/eget/", "is_customized": True}},
    ),
    "image": Field(
        pictures,
        ([(True, "a")], [(True, "b")], []),
        product=(pictured("a"), pictured("b"), pictured("")),
    ),
    "video": Field(
        videos,
        (["z3fRu9pkuXE"], ["dQw4w9WgXcQ"], []),
        product=(video("https://youtu.be/"
"z3fRu9pkuXE"), video("https://youtu.be/dQw4w9WgXcQ"), video()),
    ),
}  # fmt: skip


def fill(home: DemoStack) -> dict[str, str]:
    """A product for each field: field -> uuid."""
    return {
        name: home.add(
            f"Vara med {name}",
            {"sku": f"S-{name}", "price": 100, **one.variant[0]},
            **one.product[0],
        )
        for name, one in FIELDS.items()
    }


def save(home: DemoStack, name: str, uuid: str, moment: int) -> None:
    one = FIELDS[name]
    if one.product[moment]:
        home.till.edit_product(uuid, **one.product[moment])
    if one.variant[moment]:
        home.till.edit_variant(home.variant(uuid), **one.variant[moment])


def seen(home: DemoStack, uuids: Mapping[str, str]) -> dict[str, Any]:
    return {name: FIELDS[name].read(home.shown(uuid)) for name, uuid in uuids.items()}


def expected(moment: int) -> dict[str, Any]:
    return {name: one.shown[moment] for name, one in FIELDS.items()}


@pytest.mark.rule("P1", "P5", "P6")
async def test_every_field_arrives_follows_and_is_cleared(home: DemoStack) -> None:
    uuids = fill(home)
    await home.connect()
    created = seen(home, uuids)
    states = []
    for moment in (1, 2):
        for name, uuid in uuids.items():
            save(home, name, uuid, moment)
        await home.calm()
        states.append(seen(home, uuids))

    assert expected(0) == created
    assert [expected(1), expected(2)] == states


@pytest.mark.rule("P6")
async def test_every_field_edited_in_the_shop_stays_until_the_next_save_in_zettle(
    home: DemoStack,
) -> None:
    """The save touches another field: whatever it changed, all of the product's fields are Zettle's
    again.
    """
    uuids = fill(home)
    await home.connect()
    for name, uuid in uuids.items():
        if FIELDS[name].edit:
            await home.shop.edit_product(home.id_of(uuid), **FIELDS[name].edit)
    await home.calm()
    edited = seen(home, uuids)

    for uuid in uuids.values():
        home.till.edit_product(uuid, externalReference="hylla 4")
    await home.calm()

    untouched = {name for name, value in edited.items() if value == FIELDS[name].shown[0]}
    assert {name for name, one in FIELDS.items() if not one.edit} == untouched
    assert expected(0) == seen(home, uuids)
    overwritten = {line["field"] for line in await home.reported(Code.VALUE_OVERWRITTEN)}
    assert {"description", "sku", "weight", "price"} <= overwritten


@pytest.mark.rule("P6")
async def test_media_labels_and_variants_changed_in_the_shop_are_as_after_a_save(
    home: DemoStack,
) -> None:
    """Ours are made again where they were deleted, and named again where they were renamed."""
    mug = home.add(
        presentation={"imageUrl": f"{PICTURES}/a.png"}, **video("https://youtu.be/z3fRu9pkuXE")
    )
    shirt = home.add_sized("S", "M")
    await home.connect()
    before = home.shown(mug), shape(home, shirt)
    raw = home.shop.product(home.id_of(mug))
    raw.images.clear()
    raw.videos.clear()
    home.shop.delete_variant(home.shown(shirt)["variants"][1]["id"])
    home.shop.product(home.id_of(shirt)).options[0].values[0].label = "Liten"
    edited = home.shown(mug), shape(home, shirt)

    home.till.edit_product(mug, externalReference="x")
    home.till.edit_product(shirt, externalReference="x")
    await home.calm()

    assert ([], [], {("TR-S", "Liten")}) == (
        pictures(edited[0]),
        videos(edited[0]),
        edited[1]["variants"],
    )
    assert (pictures(before[0]), videos(before[0])) == (
        pictures(home.shown(mug)),
        videos(home.shown(mug)),
    )
    assert before[1] == shape(home, shirt)


@pytest.mark.rule("P1", "P6")
async def test_the_name_follows_and_overwrites(home: DemoStack) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    names = [home.shown(uuid)["name"]]
    names.append((await home.save(uuid, name="Kopp"))["name"])
    await home.shop.edit_product(home.id_of(uuid), name="Egen")
    await home.calm()
    names.append(home.shown(uuid)["name"])

    names.append((await home.save(uuid, description="annat"))["name"])

    assert ["Mugg", "Kopp", "Egen", "Kopp"] == names


def shape(home: DemoStack, uuid: str) -> dict[str, set[tuple[str, ...]]]:
    """Option -> values in order, and the variants as (SKU, values)."""
    shown = home.shown(uuid)
    options = {
        (one["display_name"], *(value["label"] for value in one["option_values"]))
        for one in shown["options"]
    }
    variants = {
        (one["sku"], *(value["label"] for value in one["option_values"]))
        for one in shown["variants"]
    }
    return {"options": options, "variants": variants}


@pytest.mark.rule("P1")
async def test_variants_and_options_arrive_follow_and_go(home: DemoStack) -> None:
    """Renamed, added, removed; in the end a simple product again."""
    uuid = home.add_sized("L", "S")
    await home.connect()
    states = [shape(home, uuid)]
    large, small = home.variants(uuid)
    large["options"] = [{"name": "Storlek", "value": "Stor"}]

    await home.save(uuid, variants=[large, small, sized("XL")], **sizes_of("Stor", "S", "XL"))
    states.append(shape(home, uuid))
    await home.save(uuid, variants=home.variants(uuid)[1:2], **sizes_of("S"))
    states.append(shape(home, uuid))
    (only,) = home.variants(uuid)
    await home.save(
        uuid, variants=[{**only, "options": None, "name": None}], variantOptionDefinitions=None
    )
    states.append(shape(home, uuid))

    assert [
        {"options": {("Storlek", "L", "S")}, "variants": {("TR-L", "L"), ("TR-S", "S")}},
        {
            "options": {("Storlek", "Stor", "S", "XL")},
            "variants": {("TR-L", "Stor"), ("TR-S", "S"), ("TR-XL", "XL")},
        },
        {"options": {("Storlek", "S")}, "variants": {("TR-S", "S")}},
        {"options": set(), "variants": {("TR-S",)}},
    ] == states


@pytest.mark.rule("P1")
async def test_each_variant_has_its_own_price_sku_barcode_and_picture(home: DemoStack) -> None:
    """Changed one by one, cleared one by one."""
    picture = {"presentation": {"imageUrl": f"{PICTURES}/c.png"}}
    uuid = home.add(
        "Tröja",
        sized("S", price=19900, barcode=EAN, **picture),
        sized("M", price=21900),
        **sizes_of("S", "M"),
    )
    await home.connect()
    small = home.variant(uuid)

    def row() -> tuple[Any, ...]:
        found = home.shown(uuid)["variants"][0]
        return found["price"], found["sku"], found["upc"], bool(found["image_url"])

    states = [row()]
    home.till.edit_variant(small, price=9900, sku="NY", barcode=OTHER_EAN)
    await home.calm()
    states.append(row())
    home.till.edit_variant(small, barcode=None, presentation=None)
    await home.calm()
    states.append(row())

    assert [(199, "TR-S", EAN, True), (99, "NY", OTHER_EAN, True), (99, "NY", "", False)] == states
    assert 219 == home.shown(uuid)["variants"][1]["price"]


@pytest.mark.rule("P1", "S1")
async def test_stock_is_synced_only_where_zettle_tracks_it(home: DemoStack) -> None:
    tracked, free = home.add("Spårad", stock=5), home.add("Fri")
    sizes = home.add_sized("S", "M", stock=2)
    await home.connect()

    home.till.set_stock(home.variant(tracked), 9)
    home.till.set_stock(home.variant(sizes, 1), 0)
    await home.calm()

    tracking = [home.shown(uuid)["inventory_tracking"] for uuid in (tracked, free, sizes)]
    assert ["product", "none", "variant"] == tracking
    assert ([(9, 9)], [(2, 2), (0, 0)]) == (home.levels(tracked), home.levels(sizes))


@pytest.mark.rule("P2")
async def test_category_folder_and_vat_are_not_synced(home: DemoStack) -> None:
    """A product that differs in nothing else is, but for its names, the same in the shop."""
    plain = home.add("Ena", {"sku": "E", "price": 100}, vatPercentage="0")
    category = {"uuid": "5f1c0c10-0000-11ee-8000-000000000001", "name": "Keramik"}
    home.add("Andra", {"sku": "A", "price": 100}, vatPercentage="25", category=category)
    other = home.add("Tredje", {"sku": "T", "price": 100}, vatPercentage="25", category=category)
    await home.connect()
    requests = b"".join(one.body for one in home.asked("POST", "PUT"))

    def mine(uuid: str) -> JSON:
        own = {
            "id",
            "name",
            "sku",
            "custom_url",
            "variants",
            "base_variant_id",
            "date_created",
            "date_modified",
        }
        return {name: value for name, value in home.shown(uuid).items() if name not in own}

    assert mine(plain) == mine(other)
    assert ["Zettle"] == [
        one["name"]
        for one in home.shop.state()["categories"]
        if one["category_id"] == home.category()
    ]
    assert b"Keramik" not in requests
    assert b"vat" not in requests.lower()


@pytest.mark.rule("P6")
async def test_what_the_merchant_added_in_the_shop_stays(home: DemoStack) -> None:
    """Images, videos, options and custom fields, through a save that clears Zettle's own."""
    uuid = home.add(
        presentation={"imageUrl": f"{PICTURES}/a.png"}, **video("https://youtu.be/z3fRu9pkuXE")
    )
    await home.connect()
    id_ = home.id_of(uuid)
    own = await home.shop.add_image(id_, f"{PICTURES}/own.png")
    await home.shop.edit_product(id_, custom_fields=[{"name": "Glasyr", "value": "Blå"}])
    option = home.shop.add_option(id_, "Gravyr", ["Ja", "Nej"])
    await home.calm()

    shown = await home.save(uuid, name="Kopp", presentation=None, **video())

    assert ("Kopp", [own], []) == (
        shown["name"],
        [image["id"] for image in shown["images"]],
        videos(shown),
    )
    assert [("Glasyr", "Blå")] == [(one["name"], one["value"]) for one in shown["custom_fields"]]
    assert [option] == [one["id"] for one in shown["options"]]
