"""Variants: the items that are sold. Their option values never change (bigcommerce facts 3.7,
3.9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brygga_sandbox.numerals import whole

from . import inventory, naming
from .fields import MIRRORED, VARIANT, Shape, accepted_fields, wrong_gtin
from .media import Eye, file_name
from .refusal import Json, Refusal, invalid, missing, not_found
from .shapes import CHANGED_VARIANT, INLINE_VARIANT, NEW_VARIANT
from .state import Option, Product, Store, Value, Variant

MAX_VARIANTS = 600
MAX_VALUES = 250
MAX_BATCH = 50
COMBINATION = "Variant with the same option values set exists"


def combination_exists() -> Refusal:
    """409 with its own code (bigcommerce facts 3.4)."""
    return Refusal(409, COMBINATION, {"option_values": COMBINATION}, code=22010)


def too_many_variants() -> Refusal:
    """422 for more variants than a product may have (bigcommerce facts 2.3)."""
    return Refusal(
        422,
        f"A product may have at most {MAX_VARIANTS} variants",
        {"variants": "too many variants"},
    )


@dataclass(slots=True)
class Draft:
    """A variant inside POST product: its options by name and label."""

    values: Json
    labels: list[tuple[str, str]]
    level: int | None
    image_url: str
    picture: tuple[str, str] | None = None


def fields_of(store: Store, row: Json, shape: Mapping[str, Shape]) -> Json:
    """The accepted fields of a variant body."""
    strict = store.switches.unknown_fields == "refuse"
    values, errors = accepted_fields(VARIANT, row, shape, strict)
    if store.switches.wrong_gtin == "refuse":
        errors |= wrong_gtin(values)
    if errors:
        raise invalid(errors)
    return values


def inline_fields(store: Store, row: Json) -> Json:
    """The same inside POST product, where codes are not null but empty or left out (3.3)."""
    nulls = [name for name in ("upc", "gtin", "mpn") if name in row and row[name] is None]
    if nulls:
        raise invalid({name: f"{name} must not be null" for name in nulls})
    return fields_of(store, row, INLINE_VARIANT)


def labels_of(row: Json) -> list[tuple[str, str]]:
    """The (option, label) pairs of an inline variant."""
    given = row.get("option_values")
    if not isinstance(given, list) or not given:
        raise invalid({"option_values": "option_values must name an option and a label"})
    labels = []
    for entry in given:
        pair = (
            (entry.get("option_display_name"), entry.get("label"))
            if isinstance(entry, dict)
            else (None, None)
        )
        if not all(isinstance(part, str) and 1 <= len(part) <= 255 for part in pair):
            raise invalid(
                {
                    "option_values": (
                        "option_display_name and label must be strings of 1 to 255 characters"
                    )
                }
            )
        labels.append((str(pair[0]), str(pair[1])))
    if len({name for name, _ in labels}) < len(labels):
        raise invalid({"option_values": "an option may be given only once"})
    return labels


def drafts_of(store: Store, rows: list[Json]) -> list[Draft]:
    """The variants inside POST product. Refuses mixed options, equal combinations, and too many
    options or variants.
    """
    if len(rows) > MAX_VARIANTS:
        raise too_many_variants()
    drafts = []
    for row in rows:
        if not row.get("sku") and store.switches.inline_variant_without_sku == "refuse":
            raise missing({"sku": "Please provide a sku."})
        values = inline_fields(store, row)
        level = values.pop("inventory_level", None)
        drafts.append(Draft(values, labels_of(row), level, values.pop("image_url", "")))
    names = {frozenset(name for name, _ in draft.labels) for draft in drafts}
    if len(names) > 1:
        raise invalid({"variants": "every variant must have a value for every option"})
    if len({frozenset(draft.labels) for draft in drafts}) < len(drafts):
        raise combination_exists()
    for name in names.pop() if names else ():
        if (
            len({label for draft in drafts for option, label in draft.labels if option == name})
            > MAX_VALUES
        ):
            raise invalid({"option_values": f"an option may have at most {MAX_VALUES} values"})
    return drafts


def option_name(store: Store, product: Product, display_name: str) -> str:
    """The internal name that BigCommerce creates for an option."""
    return f"{display_name}{store.dice.randrange(1000, 10_000)}-{product.id}"


def add_drafts(store: Store, product: Product, drafts: list[Draft]) -> None:
    """Create options, values (in order of first appearance) and variants of a new product."""
    options: dict[str, Option] = {}
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for draft in drafts:
        for name, label in draft.labels:
            if name not in options:
                kind = store.switches.implicit_option_type
                options[name] = Option(
                    store.ids.next("option"),
                    product.id,
                    option_name(store, product, name),
                    name,
                    kind,
                    len(options),
                    [],
                )
            option = options[name]
            if (name, label) not in found:
                option.values.append(Value(store.ids.next("value"), label, len(option.values)))
                found[name, label] = (option.id, option.values[-1].id)
    product.options = list(options.values())
    order = {option.id: place for place, option in enumerate(product.options)}
    for draft in drafts:
        pairs = sorted((found[pair] for pair in draft.labels), key=lambda pair: order[pair[0]])
        variant = make(store, product, tuple(pairs), draft.values)
        if draft.picture:
            hang(store, variant, draft.picture, draft.image_url)


def make(
    store: Store, product: Product, pairs: tuple[tuple[int, int], ...], values: Json
) -> Variant:
    """A new variant of a product with options. The first one removes the base variant (bigcommerce
    facts 3.9).
    """
    if product.base_variant:
        for old in (
            list(product.variants) if store.switches.base_variant_goes == "first_variant" else ()
        ):
            drop_variant(store, product, old)
        product.base_variant = False
        inventory.first_option(store, product)
    variant = Variant(store.ids.next("variant"), product.id, store.ids.next("sku"), pairs)
    for name, value in values.items():
        variant.put(name, value)
    store.variants[variant.id] = variant
    product.variants.append(variant)
    naming.rename_sku(store, "", variant.get("sku"), (product.id, variant.id))
    return variant


def hang(store: Store, variant: Variant, picture: tuple[str, str], source: str) -> None:
    """Give a variant its one image. It replaces the previous one."""
    variant.picture = (picture[0], file_name(store, source, picture[1]).split("/")[-1])


def sku_data(variant: Variant) -> Json:
    """The `data` of SKU webhooks."""
    return {
        "type": "sku",
        "id": variant.sku_id,
        "sku": {"product_id": variant.product_id, "variant_id": variant.id},
    }


def add_base_variant(store: Store, product: Product) -> None:
    """The only variant of a simple product."""
    variant = Variant(store.ids.next("variant"), product.id, None)
    store.variants[variant.id] = variant
    product.variants = [variant]
    product.base_variant = True


def drop_variant(store: Store, product: Product, variant: Variant) -> None:
    """Remove one variant and all its parts."""
    product.variants.remove(variant)
    del store.variants[variant.id]
    drop_metafields(store, "variant", variant.id)
    naming.rename_sku(store, variant.get("sku"), "", (product.id, variant.id))
    if variant.sku_id is not None and variant.get("sku"):
        store.emit("store/sku/deleted", sku_data(variant))


def drop_metafields(store: Store, kind: str, resource_id: int) -> None:
    """Metafields are deleted with their resource."""
    for metafield_id in store.metafields_of.pop((kind, resource_id), []):
        store.metafields.pop(metafield_id, None)


def remove(store: Store, product: Product, variant: Variant) -> None:
    """DELETE a variant. A product always has one: after the last one, a base variant is created
    again (bigcommerce facts 3.1).
    """
    if product.simple:
        raise Refusal(422, "The base variant of a product cannot be deleted", {})
    drop_variant(store, product, variant)
    if not product.variants:
        add_base_variant(store, product)
    store.touched(product)


def variant_of(product: Product, variant_id: str) -> Variant:
    """The variant with that id, or 404."""
    number = whole(variant_id)
    variant = product.variant(number) if number is not None else None
    if variant is None:
        raise not_found("variant", variant_id)
    return variant


@dataclass(slots=True)
class Step:
    """One variant to create or change, checked and ready."""

    product: Product
    variant: Variant | None
    values: Json
    pairs: tuple[tuple[int, int], ...] = ()
    picture: tuple[str, str] | None = None
    source: str = ""


def pairs_of(product: Product, given: Any) -> tuple[tuple[int, int], ...]:
    """The option values of a new variant: existing ids, one for every option. Labels alone are
    refused (bigcommerce facts 3.7).
    """
    wrong = invalid(
        {
            "option_values": (
                "option_values must hold the id and option_id of one value of every option"
            )
        }
    )
    if not isinstance(given, list) or not given or not product.options:
        raise wrong
    chosen: dict[int, int] = {}
    for entry in given:
        option_id, value_id = (
            (entry.get("option_id"), entry.get("id")) if isinstance(entry, dict) else (None, None)
        )
        option = next((one for one in product.options if one.id == option_id), None)
        if (
            option is None
            or option.id in chosen
            or not isinstance(value_id, int)
            or option.value(value_id) is None
        ):
            raise wrong
        chosen[option.id] = value_id
    if len(chosen) < len(product.options):
        raise wrong
    return tuple((option.id, chosen[option.id]) for option in product.options)


def new_step(
    store: Store, product: Product, row: Json, shape: Mapping[str, Shape] = NEW_VARIANT
) -> Step:
    """Check a variant that is added later. A SKU is then required (bigcommerce facts 3.7)."""
    if not row.get("sku"):
        raise missing({"sku": "Please provide a sku."})
    values = fields_of(store, row, shape)
    pairs = pairs_of(product, row.get("option_values"))
    if any(set(variant.values) == set(pairs) for variant in product.variants):
        raise combination_exists()
    if len(product.variants) >= MAX_VARIANTS and not product.simple:
        raise too_many_variants()
    naming.free_variant_sku(store, values["sku"])
    return Step(product, None, values, pairs)


def change_step(
    store: Store,
    product: Product,
    variant: Variant,
    row: Json,
    shape: Mapping[str, Shape] = CHANGED_VARIANT,
) -> Step:
    """Check a change. `option_values` are ignored, because they cannot change (bigcommerce facts
    10).
    """
    values = fields_of(store, row, shape)
    if values.get("sku"):
        if product.simple:
            naming.free_product_sku(store, values["sku"], product)
        else:
            naming.free_variant_sku(store, values["sku"], variant)
    return Step(product, variant, values)


async def with_picture(camera: Eye, step: Step) -> Step:
    """Fetch the picture that a step requires."""
    step.source = step.values.get("image_url", "")
    if step.source:
        step.picture = await camera.load(step.source, limit=2000)
    return step


def carry_out(store: Store, step: Step, *, partly: bool = False) -> Variant:
    """Apply a checked step."""
    values = dict(step.values)
    level = None if partly else values.pop("inventory_level", None)
    values.pop("inventory_level", None)
    clears_picture = values.pop("image_url", None) == ""
    product = step.product
    if step.variant is None:
        variant = make(store, product, step.pairs, values)
        store.touched(product)
        store.emit("store/sku/created", sku_data(variant))
    else:
        variant = step.variant
        change(store, product, variant, values, picture=step.picture is not None)
    if step.picture:
        hang(store, variant, step.picture, step.source)
    elif clears_picture:
        variant.picture = None
    if level is not None and (
        product.tracking == "variant" or (product.simple and product.tracking != "none")
    ):
        inventory.give(store, product, variant, level)
    return variant


def change(
    store: Store, product: Product, variant: Variant, values: Json, *, picture: bool
) -> None:
    """Write changed fields. Those of a base variant are the product's (bigcommerce facts 3.5)."""
    mirrored = {
        name: value for name, value in values.items() if product.simple and name in MIRRORED
    }
    own = {
        name: value
        for name, value in values.items()
        if name not in mirrored and variant.get(name) != value
    }
    if "sku" in own:
        naming.rename_sku(store, variant.get("sku"), own["sku"], (product.id, variant.id))
    for name, value in own.items():
        variant.put(name, value)
    moved = mirror(store, product, mirrored)
    if own or moved or picture or store.switches.identical_put_fires:
        store.touched(product)
    if moved:
        store.emit("store/product/updated", {"type": "product", "id": product.id})
    if (own or picture) and variant.sku_id is not None and variant.get("sku"):
        store.emit("store/sku/updated", sku_data(variant))


def mirror(store: Store, product: Product, mirrored: Json) -> Json:
    """Write the fields of a base variant that are the product's. Returns the changed ones."""
    moved: Json = {name: 0 if value is None else value for name, value in mirrored.items()}
    moved = {name: value for name, value in moved.items() if product.get(name) != value}
    if "sku" in moved:
        naming.rename_sku(store, product.get("sku"), moved["sku"], (product.id, None))
    for name, value in moved.items():
        product.put(name, value)
    return moved
