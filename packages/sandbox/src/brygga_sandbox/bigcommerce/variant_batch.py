"""Many variants in one call: PUT /v3/catalog/variants (bigcommerce facts 3.7)."""

from __future__ import annotations

from typing import Any

from .media import Eye
from .refusal import Json, PlainRefusal, Refusal, invalid, not_found
from .shapes import BATCH_VARIANT
from .state import Store, Variant
from .variants import (
    MAX_BATCH,
    MAX_VARIANTS,
    Step,
    carry_out,
    change_step,
    combination_exists,
    new_step,
    too_many_variants,
    with_picture,
)


async def batch(store: Store, rows: Any, camera: Eye) -> list[Variant]:
    """PUT /catalog/variants: changes and creates in one batch. `batch_errors` names what is refused
    (bigcommerce facts 3.7).
    """
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(
            422, "JSON data is missing or invalid", {"variants": "must be an array of objects"}
        )
    if len(rows) > MAX_BATCH:
        raise Refusal(
            413,
            (
                "The request payload is too large. The maximum items allowed in the array is "
                f"{MAX_BATCH}."
            ),
        )
    steps: list[Step] = []
    refused: list[Refusal] = []
    for row in rows:
        try:
            step = batch_step(store, row)
            apart(step, steps)
            steps.append(await with_picture(camera, step))
        except Refusal as refusal:
            refused.append(refusal)
    if refused and store.switches.batch_variant_all_or_nothing:
        steps = []
    made = [carry_out(store, step) for step in steps]
    if refused:
        raise PlainRefusal(422, {"batch_errors": [batch_error(refusal) for refusal in refused]})
    return made


def batch_error(refusal: Refusal) -> Json:
    """A refusal as the batch lists it, without the `code` that the single call has."""
    return {name: value for name, value in refusal.body().items() if name != "code"}


def batch_step(store: Store, row: Json) -> Step:
    """One element of a batch. With an id it is a change, without one a create."""
    counts = ("inventory_level", "inventory_warning_level", "bin_picking_number")
    if nulls := [name for name in counts if name in row and row[name] is None]:
        raise invalid({name: f"{name} must not be null here" for name in nulls})
    if row.get("id") is not None:
        variant = store.variants.get(row["id"]) if isinstance(row["id"], int) else None
        if variant is None or row.get("product_id", variant.product_id) != variant.product_id:
            raise not_found("variant", row["id"])
        if not store.switches.batch_variant_extras:
            row = {
                name: value
                for name, value in row.items()
                if name not in {"sku", "gtin", "mpn", "image_url"}
            }
        return change_step(store, store.products[variant.product_id], variant, row, BATCH_VARIANT)
    product = (
        store.products.get(row["product_id"]) if isinstance(row.get("product_id"), int) else None
    )
    if product is None:
        raise invalid(
            {"product_id": "an element without id needs the product_id of an existing product"}
        )
    return new_step(store, product, row, BATCH_VARIANT)


def apart(step: Step, others: list[Step]) -> None:
    """Refuse an element that conflicts with an earlier element of the same batch."""
    sku = step.values.get("sku", "").lower()
    for other in others:
        if sku and sku == other.values.get("sku", "").lower():
            title = f"Sku `{step.values['sku']}` is not unique"
            raise Refusal(409, title, {"sku": title})
        if step.pairs and step.pairs == other.pairs and step.product is other.product:
            raise combination_exists()
        if step.variant is not None and step.variant is other.variant:
            raise invalid({"id": "a variant may be in the batch only once"})
    if step.variant is None:
        created = 1 + sum(
            other.variant is None and other.product is step.product for other in others
        )
        standing = 0 if step.product.simple else len(step.product.variants)
        if standing + created > MAX_VARIANTS:
            raise too_many_variants()
