"""A merchant, who has both a till and a store."""

from dataclasses import dataclass

from brygga_sandbox.library import Library
from brygga_sandbox.zettle import Organization


@dataclass(frozen=True, slots=True)
class Merchant:
    """One shopkeeper: an organization at Zettle and a store at BigCommerce.

    `library` holds the demo goods as they were at the start; generated goods are not kept twice.
    """

    name: str
    organization: Organization
    store_hash: str
    library: Library
