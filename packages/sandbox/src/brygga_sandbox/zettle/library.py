"""The merchant's product library as state: products created, saved and deleted, and the log of
these events (zettle facts 2.2, 2.6).

The caller has checked the product. This module stores it, logs it and sends the messages.
"""

from typing import Any

import msgspec

from brygga_sandbox.zettle import merging
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.ids import zoned
from brygga_sandbox.zettle.pusher import emit
from brygga_sandbox.zettle.state import JSON, Logged, Organization, Stored
from brygga_sandbox.zettle.stock import forget_product, forget_variants


def create(core: Core, organization: Organization, body: JSON, user: str) -> Stored:
    """Store a new product, and send its message."""
    now = zoned(core.now())
    product = {**merging.pruned(body), "created": now}
    stored = Stored(organization.next_seq(), body["uuid"], "", True, b"", user)
    keep(core, organization, stored, product, user)
    organization.ordered_products = None
    emit(core, organization, "ProductCreated", tell(core, organization, stored))
    return stored


def update(core: Core, organization: Organization, stored: Stored, body: JSON, user: str) -> None:
    """Store a saved product under a new etag, and send its message."""
    before = tell(core, organization, stored)
    old = merging.pruned(stored.value())
    keep(core, organization, stored, body, user)
    new = merging.pruned(stored.value())
    if core.switches.soft_changes_are_silent and merging.only_soft(old, new):
        return
    after = tell(core, organization, stored)
    payload = {"organizationUuid": organization.uuid, "newEntity": after, "oldEntity": before}
    emit(core, organization, "ProductUpdated", payload)


def keep(core: Core, organization: Organization, stored: Stored, product: JSON, user: str) -> None:
    """Store a product: its category, its variants, its bytes, its line in the log."""
    stored.etag = core.ids.etag()
    file_category(core, organization, product)
    product = {**product, "etag": stored.etag, "updated": zoned(core.now()), "updatedBy": user}
    nulls = core.switches.nulls == "null" or (
        core.switches.nulls == "mixed" and int(stored.etag[-1], 16) % 2 == 0
    )
    stored.body = msgspec.json.encode(merging.answered(product, core.switches, nulls=nulls))
    stored.in_pos = (product.get("metadata") or {}).get("inPos", True)
    organization.products[stored.uuid] = stored
    index_variants(organization, stored.uuid, tuple(one["uuid"] for one in product["variants"]))
    log(core, organization, stored.uuid)


def index_variants(organization: Organization, product: str, variants: tuple[str, ...]) -> None:
    """Remember which product each variant belongs to. The stock of removed variants is deleted."""
    gone = set(organization.variants_of.get(product, ())) - set(variants)
    organization.variants_of[product] = variants
    for variant in variants:
        organization.product_of[variant] = product
    if gone:
        forget_variants(organization, gone)
        for variant in gone:
            organization.product_of.pop(variant, None)


def of_variant(organization: Organization, variant: str) -> Stored:
    """The product a variant belongs to. Raises LookupError."""
    uuid = organization.product_of.get(variant)
    if uuid is None:
        raise LookupError(f"there is no variant {variant}")
    return organization.products[uuid]


def file_category(core: Core, organization: Organization, product: JSON) -> None:
    """A category with a new uuid and a name is created. A known category keeps its own name
    (2.3).
    """
    category = product.get("category")
    if not category:
        return
    uuid = category.get("uuid") or core.uuid1()
    name = organization.categories.setdefault(uuid, category.get("name") or "")
    product["category"] = {"uuid": uuid, "name": name}


def delete(core: Core, organization: Organization, uuid: str, user: str) -> bool:
    """Remove a product with its stock, and send its message. False when it does not exist."""
    stored = organization.products.pop(uuid, None)
    if stored is None:
        return False
    organization.ordered_products = None
    forget_product(core, organization, uuid, user)
    for variant in organization.variants_of.pop(uuid, ()):
        organization.product_of.pop(variant, None)
    log(core, organization, uuid)
    last = tell(core, organization, stored)
    # 4.6: the product before the delete, with a new etag and `updated`.
    emit(
        core,
        organization,
        "ProductDeleted",
        {**last, "etag": core.ids.etag(), "updated": zoned(core.now())},
    )
    return True


def log(core: Core, organization: Organization, product: str) -> None:
    """A line in the event log, from which the library's change feed is read (2.2)."""
    uuid = core.uuid1()
    organization.event_at[uuid] = len(organization.events)
    organization.events.append(Logged(uuid, product))


def tell(core: Core, organization: Organization, stored: Stored) -> JSON:
    """The product as an event would show it now."""
    return merging.reported(stored.value(), organization.uuid, stored.created_by, core.switches)


def load(core: Core, organization: Organization, products: list[JSON]) -> None:
    """Load many products as they are, without checks, events or log lines.

    They are stored unchanged, so that odd and old shapes (2.4) occur too. Only the fields that
    every answer has are added.
    """
    now = zoned(core.now())
    for raw in products:
        product: dict[str, Any] = dict(raw)
        for name, value in (
            ("created", now),
            ("updated", now),
            ("updatedBy", organization.owner.uuid),
        ):
            product.setdefault(name, value)
        product.setdefault("etag", core.ids.etag())
        category = product.get("category")
        if category:
            organization.categories.setdefault(category["uuid"], category.get("name") or "")
        seen = (product.get("metadata") or {}).get("inPos", True)
        owner = organization.owner.uuid
        stored = Stored(
            organization.next_seq(),
            product["uuid"],
            product["etag"],
            seen,
            msgspec.json.encode(product),
            owner,
        )
        organization.products[stored.uuid] = stored
        index_variants(organization, stored.uuid, tuple(one["uuid"] for one in product["variants"]))
    organization.ordered_products = None
