"""The fields of a product that differ in BigCommerce, and what is told of those that a plan
overwrites.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from brygga.core import clashes
from brygga.core.fingerprints import fingerprint, written
from brygga.core.handover import Slot, Turns
from brygga.core.model import (
    CatalogProduct,
    CatalogVariant,
    ObservedProduct,
    ObservedVariant,
    Synced,
)
from brygga.core.operations import Operation, Scalar, UpdateProduct, UpdateVariant
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.reshaping import Reshaping
from brygga.core.text import one_line

_UNSEEN = frozenset({"name", "sku", "page_title"})
"""In these fields invisible characters are not a difference (decision 20)."""
_MOST_LINES = 10
_MOST_TEXT = 120


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A value in BigCommerce that the plan replaces. `variant` is a Zettle uuid, or "" for the
    product itself.
    """

    field: str
    was: str
    now: str
    variant: str = ""


@dataclass(slots=True)
class Differences:
    """Collects the fields that differ, and decides if a suffixed form counts as the wanted one."""

    wanted: CatalogProduct
    plain: bool
    turns: Turns
    found: list[Overwritten] = field(default_factory=list)

    def note(
        self, changes: dict[str, Scalar], name: str, now: Scalar, was: Scalar, variant: str = ""
    ) -> None:
        if now != (one_line(was) if name in _UNSEEN and isinstance(was, str) else was):
            changes[name] = now
            self.found.append(Overwritten(name, _shown(was), _shown(now), variant))

    def unique(
        self, changes: dict[str, Scalar], slot: Slot, now: str, was: str, forms: Sequence[str]
    ) -> None:
        """Notes a value that no other product may have: by its turn, or else plain unless one of
        our suffixed forms is there.
        """
        if (turn := self.turns.get(slot)) is not None:
            if turn.first or not slot.variant:
                now = turn.first
        elif not (self.plain and now) and clashes.same_but_for_suffix(now, one_line(was), forms):
            return
        self.note(changes, slot.field, now, was, slot.variant if not self.wanted.is_simple else "")


def _shown(value: Scalar) -> str:
    return written(value) if isinstance(value, Decimal) else "" if value is None else str(value)


def product_changes(
    wanted: CatalogProduct, seen: ObservedProduct, shape: Reshaping, differs: Differences
) -> tuple[Operation, ...]:
    changes: dict[str, Scalar] = {}
    differs.unique(
        changes,
        Slot("name"),
        wanted.name,
        seen.name,
        clashes.forms_of_name(wanted.name, wanted.key),
    )
    differs.note(changes, "description", wanted.description, seen.description)
    if wanted.weight is not None:
        differs.note(changes, "weight", wanted.weight, seen.weight)
    differs.note(changes, "page_title", wanted.page_title, seen.page_title)
    differs.note(changes, "meta_description", wanted.meta_description, seen.meta_description)
    if wanted.url:
        differs.unique(
            changes, Slot("url"), wanted.url, seen.url, clashes.forms_of_url(wanted.url, wanted.key)
        )
    if wanted.price is not None and not _would_price_an_open_variant(wanted, shape):
        differs.note(changes, "price", wanted.price, seen.price)
    if wanted.is_simple:
        (variant,) = wanted.variants
        differs.unique(
            changes, Slot("sku", variant.key), variant.sku, seen.sku, _sku_forms(variant)
        )
        differs.note(changes, "upc", variant.upc, seen.upc)
        differs.note(changes, "gtin", variant.gtin, seen.gtin)
    return (UpdateProduct(seen.product_id, changes),) if changes else ()


def _sku_forms(variant: CatalogVariant) -> tuple[str, ...]:
    return clashes.forms_of_sku(variant.sku, variant.key)


def _would_price_an_open_variant(wanted: CatalogProduct, shape: Reshaping) -> bool:
    """Whether a variant with an open price in Zettle inherits the product's price. Its price must
    not change with the product's (decision 10).
    """
    return any(
        v.price is None and v.key in shape.kept and shape.kept[v.key].price is None
        for v in wanted.variants
    )


def variant_changes(
    wanted: CatalogProduct,
    bound: Synced,
    seen: ObservedProduct,
    shape: Reshaping,
    differs: Differences,
) -> tuple[Operation, ...]:
    operations: list[Operation] = []
    for variant in wanted.variants:
        if variant.key not in shape.kept:
            continue
        found = shape.kept[variant.key]
        changes: dict[str, Scalar] = {}
        if variant.sku or found.sku:
            wanted_sku = variant.sku or clashes.generated_sku(variant.key)
            differs.unique(
                changes, Slot("sku", variant.key), wanted_sku, found.sku, _sku_forms(variant)
            )
        differs.note(changes, "upc", variant.upc, found.upc, variant.key)
        differs.note(changes, "gtin", variant.gtin, found.gtin, variant.key)
        if variant.price is not None:
            differs.note(changes, "price", variant.price, found.price, variant.key)
        if _image_differs(variant, found, bound):
            differs.note(changes, "image", variant.image, None, variant.key)
        if changes:
            operations.append(UpdateVariant(seen.product_id, found.variant_id, changes))
    return tuple(operations)


def _image_differs(variant: CatalogVariant, found: ObservedVariant, bound: Synced) -> bool:
    """Whether the variant's picture must be sent. BigCommerce renames every picture (bigcommerce
    facts 3.10), so only the address that we sent is compared, and whether there is a picture.

    If we never sent one and Zettle has none, a picture is the merchant's.
    """
    last = bound.variant_images.get(variant.key, "")
    return variant.image != last or (variant.image != "" and found.image_url == "")


def overwritten_lines(
    wanted: CatalogProduct, bound: Synced, found: Sequence[Overwritten]
) -> tuple[Line, ...]:
    """Lines for the merchant's edits that this plan overwrites. Without a change in Zettle every
    difference is an edit; otherwise it is not known.
    """
    if fingerprint(wanted) != bound.fingerprint:
        return ()
    line: Callable[..., Line] = lambda code, variant="", **params: Line(  # noqa: E731
        code, Topic.PRODUCT, Severity.INFO, wanted.key, variant, {"name": wanted.name, **params}
    )
    lines = [
        line(
            Code.VALUE_OVERWRITTEN,
            o.variant,
            field=o.field,
            was=o.was[:_MOST_TEXT],
            now=o.now[:_MOST_TEXT],
        )
        for o in found[:_MOST_LINES]
    ]
    if len(found) > _MOST_LINES:
        lines.append(line(Code.VALUES_OVERWRITTEN, count=str(len(found) - _MOST_LINES)))
    return tuple(lines)
