"""What must be done in BigCommerce for one product, and which side owns each field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from brygga.core import clashes, hands, media
from brygga.core.fingerprints import fingerprint, shape_of
from brygga.core.handover import Slot, Turns
from brygga.core.model import (
    CatalogProduct,
    CatalogVariant,
    ObservedProduct,
    Origin,
    Synced,
    Tracking,
)
from brygga.core.operations import (
    Create,
    CreateOption,
    CreateProduct,
    CreateValue,
    CreateVariant,
    DeleteOption,
    DeleteProduct,
    DeleteValue,
    DeleteVariant,
    Forget,
    Operation,
    RenameOption,
    RenameValue,
    SetTracking,
    Unlink,
    UpdateProduct,
    UpdateVariant,
)
from brygga.core.overwriting import (
    Differences,
    Overwritten,
    overwritten_lines,
    product_changes,
    variant_changes,
)
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.reshaping import Reshaping, options_of, reshaped
from brygga.core.terms import Terms


class Owner(StrEnum):
    ZETTLE = "zettle"
    CREATE = "create"
    """Set when the product is created, the merchant's from then on (P4)."""
    MERCHANT = "merchant"
    STOCK = "stock"
    """Changed by the stock ledger, never by a plan."""


_ZETTLE = frozenset(
    {
        "name",
        "description",
        "weight",
        "sku",
        "upc",
        "gtin",
        "page_title",
        "meta_description",
        "url",
        "image",
        "images",
    }
    | {"videos", "options", "variants"}
)
_CREATE = frozenset({"category_ids", "is_visible", "channel"})
_STOCK = frozenset({"inventory_level", "tracking"})


def whose(field_name: str, terms: Terms) -> Owner:
    """The owner of a field. What Zettle does not own is the merchant's and stays as they left it
    (P1, P4, P6, C6, C8).
    """
    if field_name == "price":
        return Owner.ZETTLE if terms.prices else Owner.CREATE
    if field_name in _ZETTLE:
        return Owner.ZETTLE
    if field_name in _CREATE:
        return Owner.CREATE
    return Owner.STOCK if field_name in _STOCK else Owner.MERCHANT


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in order. `children` is the binding with the children found in BigCommerce. Save
    it before anything is sent.

    `needs_options`: the options were not read and matter here. Read the product with them and plan
    again. The first `early` operations must be done one by one, in order, before the rest. The rest
    may be batched by kind.
    """

    operations: tuple[Operation, ...] = ()
    lines: tuple[Line, ...] = ()
    overwritten: tuple[Overwritten, ...] = ()
    children: Synced | None = None
    needs_options: bool = False
    early: int = 0


NOTHING = Plan()


def is_changed(synced: Synced, etag: str, *, force: bool) -> bool:
    """True when Zettle's product was saved since the last successful sync, or somebody asked for a
    sync (P6, P10).
    """
    return force or etag != synced.etag or not synced.fingerprint


def plan(
    desired: CatalogProduct | None,
    synced: Synced | None,
    observed: ObservedProduct | None,
    terms: Terms,
    *,
    etag: str = "",
    force: bool = False,
    turns: Turns | None = None,
) -> Plan:
    """What must be done in BigCommerce.

    | | desired | synced | observed | plan |
    |---|---|---|---|---|
    | 1 | yes | none | none | create, with the birth-only fields |
    | 2 | unchanged | yes | anything | nothing: an edit stays until the next save in Zettle |
    | 3 | changed | yes | yes | every Zettle field that differs; never one of the merchant's |
    | 4 | changed | yes | gone | create again |
    | 5 | none | yes | yes | delete what we created, unlink what was linked (decision 12) |
    | 6 | none | yes | gone | forget |
    | 7 | none | none | - | nothing |

    "Changed" is `is_changed` with Zettle's `etag`. In row 3 every child of ours is compared, and a
    missing one is recreated. What is not among our children is the merchant's. `turns` say which
    names, SKUs and URLs are written first. Without them a suffixed form of ours stays, or with
    `force` counts as a difference.

    The stock work fills in the levels in `Create` and `CreateVariant`.
    """
    match desired, synced, observed:
        case None, _, _:
            return _removed(synced, observed)
        case CatalogProduct() as wanted, Synced() as bound, _ if not is_changed(
            bound, etag, force=force
        ):
            return Plan(children=bound)
        case CatalogProduct() as wanted, Synced() as bound, ObservedProduct() as seen:
            return _updated(wanted, bound, seen, (terms, turns or {}), force=force)
        case CatalogProduct() as wanted, _, _:
            return Plan((CreateProduct(created(wanted, terms), Create(terms.category_id)),))
    raise AssertionError("every case is named above")


def _removed(synced: Synced | None, observed: ObservedProduct | None) -> Plan:
    if synced is None:
        return NOTHING
    if observed is None:
        return Plan((Forget(synced.product_id),))
    created = synced.origin is Origin.CREATED
    return Plan((DeleteProduct(synced.product_id) if created else Unlink(synced.product_id),))


def created(desired: CatalogProduct, terms: Terms) -> CatalogProduct:
    """The product as it is sent when it is created. If prices are synced, a variant with an open
    price starts at 0 (decision 10).

    Otherwise it would inherit the price of the others. If prices are not synced, all variants
    inherit the product's 0, so that the merchant sets one price for all (C6).
    """
    if desired.is_simple or not terms.prices:
        return desired
    return replace(
        desired, variants=tuple(_new_variant(variant, terms) for variant in desired.variants)
    )


def _new_variant(variant: CatalogVariant, terms: Terms) -> CatalogVariant:
    return replace(variant, price=Decimal(0)) if terms.prices and variant.price is None else variant


# ---- Row 3 ---------------------------------------------------------------------------------------

_STRUCTURAL = (
    CreateOption,
    CreateValue,
    CreateVariant,
    DeleteOption,
    DeleteValue,
    DeleteVariant,
    RenameOption,
    RenameValue,
)


def _updated(
    wanted: CatalogProduct,
    bound: Synced,
    seen: ObservedProduct,
    given: tuple[Terms, Turns],
    *,
    force: bool,
) -> Plan:
    terms, turns = given
    shape = reshaped(wanted, bound, seen)
    differs = Differences(wanted, plain=force, turns=turns)
    structure = (*shape.before, *shape.after)
    freed = _freed_skus(wanted, seen, shape)
    structure_before = tuple(_completed(operation, terms, turns) for operation in shape.before)
    product = product_changes(wanted, seen, shape, differs)
    variants = variant_changes(wanted, bound, seen, shape, differs)
    pictures, children = media.pictures(wanted, bound, seen)
    children = replace(children, options=shape.children.options, values=shape.children.values)
    children = replace(children, variants=_variant_ids(wanted, bound, seen, shape))
    early = (*freed, *_with_tracking(structure_before, wanted, seen))
    operations = (*early, *product, *variants, *shape.after, *pictures)
    overwritten = (*differs.found, *(Overwritten(*names) for names in shape.renamed))
    reordered = not wanted.is_simple and shape_of(fingerprint(wanted)) != shape_of(
        bound.fingerprint
    )
    unclear = (
        reordered or _has_unshown(bound, seen) or any(isinstance(o, _STRUCTURAL) for o in structure)
    )
    needs_options = seen.options is None and unclear
    generated = [
        o.variant
        for o in structure_before
        if isinstance(o, CreateVariant) and o.variant.generated_sku
    ]
    lines = (
        *overwritten_lines(wanted, bound, overwritten),
        *(_generated_line(wanted, variant) for variant in generated),
    )
    return Plan(operations, lines, overwritten, children, needs_options, len(early))


def _has_unshown(bound: Synced, seen: ObservedProduct) -> bool:
    """True when the variants do not show an option or value of ours: it is gone, or work stopped
    before it had a variant.
    """
    shown = options_of(seen)
    values = {value.value_id for option in shown for value in option.values}
    return not (
        set(bound.options.values()) <= {o.option_id for o in shown}
        and set(bound.values.values()) <= values
    )


def _completed(operation: Operation, terms: Terms, turns: Turns) -> Operation:
    """Gives a variant that is created later a SKU of its own, even if Zettle has none (decision
    13), and an initial price.
    """
    if not isinstance(operation, CreateVariant):
        return operation
    variant = _new_variant(operation.variant, terms)
    if (turn := turns.get(Slot("sku", variant.key))) is not None:
        variant = replace(variant, sku=turn.first)
    if not variant.sku:
        variant = replace(variant, sku=clashes.generated_sku(variant.key))
    generated = variant.sku == clashes.generated_sku(variant.key)
    return replace(operation, variant=replace(variant, generated_sku=generated))


def _freed_skus(
    wanted: CatalogProduct, seen: ObservedProduct, shape: Reshaping
) -> tuple[Operation, ...]:
    """Frees SKUs before another child of the same product can have them.

    A simple product that gets options frees the product's own SKU and barcode. A variant frees a
    SKU that moves to another variant.
    """
    operations: list[Operation] = []
    if wanted.options and not any(variant.values for variant in seen.variants):
        taken = {"sku": seen.sku, "upc": seen.upc, "gtin": seen.gtin}
        if changes := {name: "" for name, value in taken.items() if value}:
            operations.append(UpdateProduct(seen.product_id, changes))
    holders = {found.sku.casefold(): key for key, found in shape.kept.items() if found.sku}
    for variant in wanted.variants:
        holder = holders.get(variant.sku.casefold(), variant.key)
        if holder != variant.key:
            changes = {"sku": clashes.generated_sku(holder)}
            operations.append(
                UpdateVariant(seen.product_id, shape.kept[holder].variant_id, changes)
            )
    return tuple(operations)


def _with_tracking(
    structure: Sequence[Operation], wanted: CatalogProduct, seen: ObservedProduct
) -> tuple[Operation, ...]:
    """Adds the switch of the counting level for a product that becomes simple, or stops being
    simple (bigcommerce facts 3.9).

    The switch is placed where the product has no number that it could erase (5.4): after the last
    variant is deleted, and before the first is created. The stock work decides whether stock is
    tracked, and the level of a product that keeps its shape.
    """
    level = Tracking.PRODUCT if wanted.is_simple else Tracking.VARIANT
    had_variants = any(variant.values for variant in seen.variants)
    turns = (DeleteVariant, DeleteOption) if wanted.is_simple else CreateVariant
    is_turned = wanted.is_simple == had_variants and any(
        isinstance(operation, turns) for operation in structure
    )
    if not is_turned or seen.tracking in {Tracking.NONE, level}:
        return tuple(structure)
    made = [operation for operation in structure if isinstance(operation, CreateVariant)]
    rest = [operation for operation in structure if not isinstance(operation, CreateVariant)]
    return (*rest, SetTracking(seen.product_id, level), *made)


def _variant_ids(
    wanted: CatalogProduct, bound: Synced, seen: ObservedProduct, shape: Reshaping
) -> Mapping[str, int]:
    """The variant ids. A product without variants has its base variant's id. If the merchant gave
    it options, none of them is ours (decision 17).
    """
    base = seen.base_variant_id or next((v.variant_id for v in seen.variants if not v.values), None)
    if not wanted.is_simple:
        return shape.children.variants
    if base is None and hands.has_options(seen) and not bound.options:
        base = hands.whole_id(seen, bound.variants.get(wanted.variants[0].key))
    return (
        shape.children.variants
        if base is None
        else {**shape.children.variants, wanted.variants[0].key: base}
    )


# ---- What the merchant reads ---------------------------------------------------------------------


def _generated_line(wanted: CatalogProduct, variant: CatalogVariant) -> Line:
    return Line(
        Code.SKU_GENERATED,
        Topic.PRODUCT,
        Severity.INFO,
        wanted.key,
        variant.key,
        {"sku": variant.sku},
    )
