"""A merchant, who has both a Zettle account and a store."""

from dataclasses import dataclass

from brygga_sandbox.library import Library
from brygga_sandbox.zettle import Organization


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant: an organization at Zettle and a store at BigCommerce.

    `library` holds the demo products as they were at the start. Generated products are not stored
    twice.
    """

    name: str
    organization: Organization
    store_hash: str
    library: Library
