"""The marker (decision 16): one hidden product of ours in the store. It shows whether a stock call
without an answer landed.

It is not a product of the merchant: it is left out wherever a store's products are counted,
planned, compared or shown.
"""

from collections.abc import Iterable

from brygga.core.model import ObservedProduct, Tracking

NAME = "Brygga: do not delete (ta inte bort)"
DESCRIPTION = (
    "<p>This hidden product belongs to Brygga, the link between Zettle and this store. It is not "
    "for sale, and shoppers "
    "never see it. With it Brygga can tell whether a change of stock arrived. Leave it as it is: "
    "if it is deleted, Brygga "
    "makes it again.</p>"
    "<p>Den här dolda produkten tillhör Brygga, kopplingen mellan Zettle och den här butiken. Den "
    "är inte till salu, och "
    "kunderna ser den aldrig. Med den kan Brygga veta om en lagerändring kom fram. Låt den vara: "
    "om den tas bort gör "
    "Brygga den på nytt.</p>"
)
OPTION = "Brygga"
SKUS = tuple(f"BRYGGA-MARKER-{number}" for number in range(1, 9))
"""One SKU for each variant. A SKU is unique in BigCommerce, so no store has two markers."""
FIRST_LEVEL = 1
"""Not 0: the store lists products that are out of stock."""
METAFIELD_KEY = "marker"
METAFIELD_VALUE = "1"


def is_marker(product: ObservedProduct) -> bool:
    """Whether it has a variant of the marker, in any condition."""
    return any(variant.sku in SKUS for variant in product.variants)


def is_whole(product: ObservedProduct) -> bool:
    """Whether the marker is unchanged. A marker that is renamed, visible, or without its variants
    or its levels is recreated.
    """
    as_made = (
        product.name == NAME and not product.is_visible and product.tracking is Tracking.VARIANT
    )
    return as_made and len(slots_of(product)) == len(SKUS)


def slots_of(product: ObservedProduct) -> dict[str, int]:
    """The variant of each of the marker's SKUs that exists."""
    found = {variant.sku: variant.variant_id for variant in product.variants}
    return {sku: found[sku] for sku in SKUS if sku in found}


def merchants(products: Iterable[ObservedProduct]) -> list[ObservedProduct]:
    """The products of a store without the marker."""
    return [product for product in products if not is_marker(product)]
