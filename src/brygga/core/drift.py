"""What somebody edited in BigCommerce: the differences that the next save in Zettle overwrites (P6,
decision 1).
"""

import hashlib
from collections.abc import Sequence

from brygga.core import planning
from brygga.core.fingerprints import fingerprint
from brygga.core.model import CatalogProduct, ObservedProduct, Synced
from brygga.core.overwriting import Overwritten
from brygga.core.terms import Terms


def differences(
    wanted: CatalogProduct, bound: Synced, shown: ObservedProduct, terms: Terms
) -> tuple[Overwritten, ...]:
    """The fields of Zettle's that differ in BigCommerce, as the next save in Zettle would find
    them. Empty while a version of Zettle's waits to be written: nobody knows then who changed what.
    """
    if fingerprint(wanted) != bound.fingerprint:
        return ()
    return planning.plan(wanted, bound, shown, terms, etag=f"{bound.etag}+").overwritten


def digest(found: Sequence[Overwritten]) -> str:
    """One short text for these differences, "" for none. Another edit has another digest."""
    if not found:
        return ""
    parts = sorted(f"{one.field}\x1f{one.variant}\x1f{one.was}\x1f{one.now}" for one in found)
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:24]
