"""Products as values: pruned, patched, and written in the form of an answer or an event (zettle
facts 2.3, 2.6, 4.6).
"""

from decimal import Decimal
from typing import Any, Final

from brygga_sandbox.zettle.rules import decimal
from brygga_sandbox.zettle.state import JSON
from brygga_sandbox.zettle.switches import Switches

Shape = Any
"""What a client may write: None for a plain value, a mapping for an object, a list of one shape for
a list.
"""

_PICTURE: Final[Shape] = {"imageUrl": None, "backgroundColor": None, "textColor": None}
_MONEY: Final[Shape] = {"amount": None, "currencyId": None}
_VARIANT: Final[Shape] = {
    **dict.fromkeys(("uuid", "name", "description", "sku", "barcode", "vatPercentage")),
    "price": _MONEY,
    "costPrice": _MONEY,
    "options": [{"name": None, "value": None}],
    "presentation": _PICTURE,
}
_ONLINE: Final[Shape] = {
    **dict.fromkeys(("status", "title", "description")),
    "presentation": dict.fromkeys(("displayImageUrl", "additionalImageUrls", "mediaUrls")),
    "shipping": {
        "shippingPricingModel": None,
        "weightInGrams": None,
        "weight": {"weight": None, "unit": None},
    },
    "seo": dict.fromkeys(("title", "metaDescription", "slug")),
}
WRITABLE: Final[Shape] = {
    **dict.fromkeys(
        (
            "uuid",
            "name",
            "description",
            "externalReference",
            "unitName",
            "categories",
            "imageLookupKeys",
        )
    ),
    **dict.fromkeys(("vatPercentage", "taxRates", "taxExempt", "taxCode")),
    "category": {"uuid": None, "name": None},
    "presentation": _PICTURE,
    "variants": [_VARIANT],
    "variantOptionDefinitions": {
        "definitions": [{"name": None, "properties": [{"value": None, "imageUrl": None}]}],
    },
    "metadata": {"inPos": None, "source": {"external": None, "name": None}},
    "online": _ONLINE,
}
NULLABLE: Final = (
    "description",
    "externalReference",
    "unitName",
    "category",
    "variantOptionDefinitions",
    "taxCode",
    "taxRates",
    "presentation",
)
VARIANT_NULLABLE: Final = (
    "name",
    "description",
    "sku",
    "barcode",
    "price",
    "costPrice",
    "options",
    "presentation",
)
SOFT: Final = frozenset({"online", "category", "presentation", "etag", "updated", "updatedBy"})


def pruned(value: Any) -> Any:
    """The same value without fields that are null. An absent field and a null field mean the same
    (2.3).
    """
    if isinstance(value, dict):
        return {key: pruned(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [pruned(inner) for inner in value]
    return value


def written(body: JSON) -> JSON:
    """The part of a request's body that the library stores: the known fields, at every depth. The
    rules report values of a wrong kind.
    """
    kept: JSON = known(body, WRITABLE)
    if isinstance(kept.get("variants"), list):
        kept["variants"] = [
            lowered(one) if isinstance(one, dict) else one for one in kept["variants"]
        ]
    return lowered(kept)


def known(value: Any, shape: Shape) -> Any:
    """The part of a value that a shape names."""
    if isinstance(shape, dict) and isinstance(value, dict):
        return {name: known(inner, shape[name]) for name, inner in value.items() if name in shape}
    if isinstance(shape, list) and isinstance(value, list):
        return [known(inner, shape[0]) for inner in value]
    return value


def lowered(thing: JSON) -> JSON:
    """The same value with its uuid in small letters. A uuid in capitals is the same uuid."""
    uuid = thing.get("uuid")
    return {**thing, "uuid": uuid.lower()} if isinstance(uuid, str) else thing


def merged(old: Any, patch: Any) -> Any:
    """RFC 7386: null removes, absent keeps, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def patched(product: JSON, patch: JSON, *, all_stay: bool = False) -> JSON:
    """The product after a save. Variants merge one by one by uuid. The list itself is the whole
    list, unless `all_stay` (2.6).
    """
    result: JSON = merged(
        product, {key: value for key, value in patch.items() if key != "variants"}
    )
    if "variants" in patch:
        rows = merged_variants(product.get("variants", []), patch["variants"])
        if all_stay and isinstance(rows, list):
            named = {str(row.get("uuid")) for row in rows if isinstance(row, dict)}
            rows = [
                *rows,
                *(one for one in product.get("variants", []) if one["uuid"] not in named),
            ]
        result["variants"] = rows
    return result


def merged_variants(old: list[JSON], patch: Any) -> Any:
    """Left-out variants are removed, unknown ones are new, and the others keep what the patch does
    not name.
    """
    if not isinstance(patch, list):
        return patch
    by_uuid: JSON = {str(one.get("uuid")): one for one in old}
    return [
        merged(by_uuid.get(str(one.get("uuid")), {}), one) if isinstance(one, dict) else one
        for one in patch
    ]


def percentage(value: Any) -> str:
    """25 -> "25.0": a rate as answers write it (2.3)."""
    number = decimal(value)
    assert number is not None
    shortest = number.normalize()
    return str(shortest if shortest.as_tuple().exponent < 0 else shortest.quantize(Decimal("0.1")))  # type: ignore[operator]


def answered(body: JSON, switches: Switches, *, nulls: bool) -> JSON:
    """A product as the API answers it, with or without nulls for unset fields."""
    product = {"imageLookupKeys": [], "categories": [], "taxExempt": False, **body}
    if product.get("vatPercentage") is not None:
        rate = percentage(product["vatPercentage"])
        product["vatPercentage"] = float(rate) if switches.vat_as_number else rate
    if nulls:
        product = {**dict.fromkeys(NULLABLE), **product}
        product["variants"] = [
            {**dict.fromkeys(VARIANT_NULLABLE), **one} for one in product["variants"]
        ]
    return product


def reported(body: JSON, organization: str, creator: str, switches: Switches) -> JSON:
    """A product as events write it: no nulls, other names for the author of the change, and with
    one switch only a part of `online` (4.6).
    """
    product: JSON = pruned(body)
    product["organizationUuid"] = organization
    product["updatedByUserUuid"] = product.pop("updatedBy", creator)
    product["createdByUserUuid"] = creator
    product.setdefault("taxExempt", False)
    online = product.get("online")
    if online and switches.events_shorten_online:
        seo = {"slug": online["seo"]["slug"]} if online.get("seo", {}).get("slug") else {}
        product["online"] = {"status": online.get("status", "HIDDEN"), "seo": seo}
    return product


def only_soft(old: JSON, new: JSON) -> bool:
    """Whether only the online part, the category or a picture differs (10.2)."""
    return {k: v for k, v in old.items() if k not in SOFT} == {
        k: v for k, v in new.items() if k not in SOFT
    }
