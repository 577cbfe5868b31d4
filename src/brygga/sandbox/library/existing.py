"""What stood in the web shop before any link: goods of its own, and some that the till has too under a similar name.

The likenesses are those a merchant would be asked about before a first sync: same name, same SKU, same barcode, another
case, no accents, a slip of the pen.
"""

from __future__ import annotations

from typing import Any

from brygga.sandbox.library.demo import Library
from brygga.sandbox.library.ids import slug

JSON = dict[str, Any]

CATEGORIES = ("Kök & bord", "Hemmet", "Rea")

SHOP_ONLY: tuple[JSON, ...] = (
    {"name": "Presentkort digitalt", "price": 300, "sku": "WEBB-1", "description": "<p>Skickas med e-post.</p>"},
    {"name": "Överraskningslåda", "price": 199, "sku": "WEBB-2", "inventory_tracking": "product",
     "inventory_level": 15},
    {"name": "Klippdocka Fru Lind", "price": 89, "sku": "WEBB-3", "inventory_tracking": "product", "inventory_level": 40},
    {"name": "Tygmärke", "price": 45, "inventory_tracking": "variant",
     "variants": [{"sku": f"WEBB-4-{colour[:2].upper()}", "inventory_level": 12,
                   "option_values": [{"option_display_name": "Färg", "label": colour}]}
                  for colour in ("Röd", "Blå", "Svart")]},
)  # fmt: skip


def existing_goods(library: Library) -> list[JSON]:
    """Bodies for products of the shop's own, as its control panel would take them.

    From a library that holds ordinary simple products some are repeated with a likeness each; otherwise there are only the shop's own.
    """
    strange = {uuid for uuids in library.odd.values() for uuid in uuids}
    simple = [one for one in library.products if len(one["variants"]) == 1 and one["uuid"] not in strange]
    with_sku = [one for one in simple if one["variants"][0].get("sku")]
    with_barcode = [one for one in simple if one["variants"][0].get("barcode")]
    accented = [one for one in simple if slug(one["name"]) != one["name"].lower().replace(" ", "-")]
    goods = [dict(one) for one in SHOP_ONLY]
    if len(with_sku) < 3 or len(with_barcode) < 4 or len(accented) < 5:
        return goods
    price = {"price": 0, "is_visible": True}
    return [
        *goods,
        {"name": with_sku[0]["name"], "sku": with_sku[0]["variants"][0]["sku"], **price},
        {"name": f"{with_sku[1]['name']} (webb)", "sku": with_sku[1]["variants"][0]["sku"].lower(), **price},
        {
            "name": f"Webb: {with_barcode[3]['name'].split()[0]}",
            "upc": with_barcode[3]["variants"][0]["barcode"],
            **price,
        },
        {"name": accented[2]["name"].upper(), **price},
        {"name": slug(accented[3]["name"]).replace("-", " ").capitalize(), **price},
        {"name": _slip(accented[4]["name"]), **price},
    ]


def _slip(name: str) -> str:
    """Two letters in the middle of the longest word change places."""
    word = max(name.split(), key=len)
    middle = len(word) // 2
    return name.replace(word, word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :])
