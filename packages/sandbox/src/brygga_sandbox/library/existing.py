"""The products of the store before any link: its own, and some that Zettle also has under a similar
name.

A merchant must decide about these similar products before a first sync: same name, same SKU, same
barcode, another case, no accents, a typing error.
"""

from __future__ import annotations

from typing import Any

from brygga_sandbox.library.demo import Library
from brygga_sandbox.library.ids import slug
from brygga_sandbox.library.money import amount

JSON = dict[str, Any]

CATEGORIES = ("Kök & bord", "Hemmet", "Rea")

SHOP_ONLY: tuple[JSON, ...] = (
    {"name": "Presentkort digitalt", "price": 300, "sku": "WEBB-1",
    "description": ("<p>Skickas med "
"e-post.</p>"),
     "picture": "gift-b3402a-0a0001"},
    {"name": "Överraskningslåda", "price": 199, "sku": "WEBB-2", "inventory_tracking": "product",
     "inventory_level": 15, "picture": "gift-2f5d50-0a0002"},
    {"name": "Klippdocka Fru Lind", "price": 89, "sku": "WEBB-3", "inventory_tracking": "product",
    "inventory_level": 40,
     "picture": "poster-8a5a44-0a0003"},
    {"name": "Tygmärke", "price": 45, "inventory_tracking": "variant",
    "picture": "towel-3b5b8c-0a0004",
     "variants": [{"sku": f"WEBB-4-{colour[:2].upper()}", "inventory_level": 12,
                   "option_values": [{"option_display_name": "Färg", "label": colour}]}
                  for colour in ("Röd", "Blå", "Svart")]},
)  # fmt: skip


def existing_goods(library: Library, currency: str = "SEK") -> list[JSON]:
    """Bodies for the store's own products, in the form that its control panel accepts, each with
    the key of its `picture`.

    If a library holds ordinary simple products, some of them are repeated with one similarity each.
    Otherwise there are only the store's own.
    """
    strange = {uuid for uuids in library.odd.values() for uuid in uuids}
    simple = [
        one for one in library.products if len(one["variants"]) == 1 and one["uuid"] not in strange
    ]
    with_sku = [one for one in simple if one["variants"][0].get("sku")]
    with_barcode = [one for one in simple if one["variants"][0].get("barcode")]
    accented = [one for one in simple if slug(one["name"]) != one["name"].lower().replace(" ", "-")]
    goods = [{**one, "price": amount(one["price"] * 100, currency) / 100} for one in SHOP_ONLY]
    if len(with_sku) < 3 or len(with_barcode) < 4 or len(accented) < 5:
        return goods
    alike = [
        (with_sku[0], {"name": with_sku[0]["name"], "sku": with_sku[0]["variants"][0]["sku"]}),
        (
            with_sku[1],
            {
                "name": f"{with_sku[1]['name']} (webb)",
                "sku": with_sku[1]["variants"][0]["sku"].lower(),
            },
        ),
        (
            with_barcode[3],
            {
                "name": f"Webb: {with_barcode[3]['name'].split()[0]}",
                "upc": with_barcode[3]["variants"][0]["barcode"],
            },
        ),
        (accented[2], {"name": accented[2]["name"].upper()}),
        (accented[3], {"name": slug(accented[3]["name"]).replace("-", " ").capitalize()}),
        (accented[4], {"name": _slip(accented[4]["name"])}),
    ]
    return [*goods, *({**_kept(product), **likeness} for product, likeness in alike)]


def _kept(product: JSON) -> JSON:
    """What the store has of a product in Zettle: its price, and a picture of the same product."""
    price = (product["variants"][0].get("price") or {}).get("amount", 0)
    picture = (product.get("presentation") or {}).get("imageUrl") or ""
    return {"price": price / 100, "picture": picture.rpartition("/")[2]}


def _slip(name: str) -> str:
    """Swap two letters in the middle of the longest word."""
    word = max(name.split(), key=len)
    middle = len(word) // 2
    return name.replace(
        word, word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    )
