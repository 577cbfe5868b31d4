"""What a read of the store found of our products, kept for the pages: each field as BigCommerce
shows it, and how many of Zettle's somebody edited there (decision 1).
"""

from collections.abc import Mapping

from brygga.core.drift import differences, digest
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct
from brygga.core.overwriting import Overwritten
from brygga.core.terms import Terms
from brygga.database.bindings import Binding, State
from brygga.database.library import Entry
from brygga.database.shown import Read

MISSING = "missing"
"""The digest of a product that BigCommerce does not have."""


def edits(
    terms: Terms, wanted: CatalogProduct | None, binding: Binding, shown: ObservedProduct | None
) -> tuple[Overwritten, ...]:
    """What somebody edited in BigCommerce, as far as it can be known."""
    if wanted is None or shown is None:
        return ()
    return differences(wanted, binding.synced, shown, terms)


def reads_of(
    terms: Terms,
    entries: Mapping[str, Entry],
    bound: Mapping[str, Binding],
    found: Mapping[int, ObservedProduct],
    wanted: Mapping[str, CatalogProduct | None] | None = None,
) -> dict[str, Read]:
    """Zettle's uuid -> what to keep of each bound product that was asked for. `wanted` spares the
    mapping where the caller has it already.
    """
    reads: dict[str, Read] = {}
    for uuid, binding in bound.items():
        entry, product_id = entries.get(uuid), binding.synced.product_id
        if entry is None or entry.product is None or binding.state is not State.BOUND:
            continue
        shown = found.get(product_id)
        if shown is None:
            reads[uuid] = Read(product_id, None, digest=MISSING)
            continue
        want = wanted.get(uuid) if wanted is not None else desired(entry.product, terms).product
        over = edits(terms, want, binding, shown)
        reads[uuid] = Read(product_id, shown, len(over), digest(over))
    return reads
