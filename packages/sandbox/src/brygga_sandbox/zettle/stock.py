"""The merchant's stock as state: inventories, tracking, and movements between places (zettle facts
3, 4.6).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.ids import zoned
from brygga_sandbox.zettle.pusher import emit
from brygga_sandbox.zettle.state import JSON, Inventory, Organization, Row

MOST_CHANGE: Final = 100_000  # 3.5
MOST_STOCK: Final = 99_999  # 3.5
BACK_OFFICE: Final = (
    "51e57b0d-1ea2-48a4-b0a0-91d90424e62c"  # 4.6: the client in the documents' own samples
)


@dataclass(frozen=True, slots=True)
class Movement:
    """A number of units of a variant from one inventory to another."""

    product: str
    variant: str
    source: str
    target: str
    change: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moved stock, through which app, and the identifier that is passed on to the message
    (3.5).
    """

    user: str
    client_id: str | None
    external: str | None = None


def open_inventories(core: Core, organization: Organization) -> None:
    """The four inventories are created when tracking is first switched on (3.2)."""
    if organization.inventories:
        return
    for kind in ("STORE", "BIN", "SOLD", "SUPPLIER"):
        uuid = core.uuid1()
        organization.inventories[uuid] = Inventory(uuid, kind, kind, default=kind == "STORE")


def place(core: Core, organization: Organization, kind: str) -> Inventory:
    """The inventory of that type."""
    open_inventories(core, organization)
    found = organization.inventory(kind)
    assert found is not None
    return found


def track(core: Core, organization: Organization, product: str, on: bool, cause: Cause) -> None:
    """Switch tracking of a product. Balances are kept while it is off (3.3). A message is sent only
    when it changes.
    """
    if on:
        open_inventories(core, organization)
    before = organization.tracking.get(product)
    organization.tracking[product] = on
    if before is on or (before is None and not on):
        return
    who = {
        "uuid": core.uuid1(),
        "timestamp": zoned(core.now()),
        "userType": "USER",
        "clientUuid": cause.client_id,
    }
    event = "InventoryTrackingStarted" if on else "InventoryTrackingStopped"
    part = "created" if on else "changeInformation"
    emit(
        core,
        organization,
        event,
        {"organizationUuid": organization.uuid, "productUuid": product, part: who},
    )
    if on and core.switches.tracking_sends_balances:
        rows = [row for row in organization.rows.values() if row.product == product]
        tell(core, organization, rows, rows_as_reported(core, organization, rows), cause)


def refusal_of(core: Core, organization: Organization, movements: Sequence[Movement]) -> str | None:
    """Why these movements together are refused, or None. Limits apply to the resulting balance of a
    place.
    """
    after: dict[tuple[str, str], int] = {}
    for one in movements:
        for place, sign in ((one.source, -1), (one.target, 1)):
            key = (place, one.variant)
            level = after.get(key, organization.balance(*key)) + sign * one.change
            after[key] = level
            if organization.inventories[place].type != "STORE":
                continue
            if level > MOST_STOCK:
                return f"stock cannot exceed {MOST_STOCK}"
            if level < 0 and core.switches.negative_store_refused:
                return "stock cannot be negative"
    return None


def move(
    core: Core, organization: Organization, movements: Sequence[Movement], cause: Cause
) -> None:
    """Make all the movements, and send one message. The caller has checked `refusal_of`."""
    touched: dict[tuple[str, str], None] = {}
    for one in movements:
        touched[one.source, one.variant] = None
        touched[one.target, one.variant] = None
    keys = [key for key in touched if organization.inventories[key[0]].type != "SUPPLIER"]
    before = rows_as_reported(
        core,
        organization,
        [organization.rows[key] for key in keys if key in organization.rows],
        created=True,
    )
    products = {one.variant: one.product for one in movements}
    for one in movements:
        change(core, organization, one.source, one, -one.change)
        change(core, organization, one.target, one, one.change)
    rows = [organization.rows[key] for key in keys]
    assert all(row.product == products[row.variant] for row in rows)
    tell(core, organization, rows, before, cause)


def change(core: Core, organization: Organization, place: str, movement: Movement, by: int) -> None:
    """Raise or lower one row. The first movement creates it (3.4)."""
    if organization.inventories[place].type == "SUPPLIER":  # infinite (3.2)
        return
    now = core.now()
    row = organization.rows.get((place, movement.variant))
    if row is None:
        row = Row(organization.next_seq(), place, movement.product, movement.variant, 0, now, now)
        organization.rows[place, movement.variant] = row
        organization.ordered_rows = None
    row.balance += by
    row.updated = now


def by_unit(organization: Organization, product: str) -> bool:
    """Whether a product is sold by the metre, kilo and so on (2.3)."""
    stored = organization.products.get(product)
    return stored is not None and b'"unitName":"' in stored.body


def rows_as_reported(
    core: Core, organization: Organization, rows: Iterable[Row], *, created: bool = False
) -> list[JSON]:
    """Rows as InventoryBalanceChanged writes them. The balance is a text, with decimals if the
    product is sold by unit (4.6).
    """
    rows = list(rows)
    units = {
        row.product
        for row in rows
        if core.switches.unit_balances_have_decimals and by_unit(organization, row.product)
    }
    return [
        {
            "organizationUuid": organization.uuid,
            "locationUuid": row.inventory,
            "productUuid": row.product,
            "variantUuid": row.variant,
            **({"created": zoned(row.created)} if created else {}),
            "balance": f"{row.balance}.000" if row.product in units else str(row.balance),
        }
        for row in rows
    ]


def tell(
    core: Core, organization: Organization, rows: list[Row], before: list[JSON], cause: Cause
) -> None:
    """Send InventoryBalanceChanged. The two lists differ in order, and a new row has no value
    before (4.6).
    """
    stores = {uuid for uuid, one in organization.inventories.items() if one.type == "STORE"}
    after = list(reversed(rows_as_reported(core, organization, rows)))
    if not core.switches.balances_of_all_locations:
        before = [row for row in before if row["locationUuid"] in stores]
        after = [row for row in after if row["locationUuid"] in stores]
    who = {
        "uuid": cause.user,
        "timestamp": zoned(core.now()),
        "userType": "USER",
        "clientUuid": cause.client_id,
    }
    payload = {
        "organizationUuid": organization.uuid,
        "updated": who,
        "balanceBefore": before,
        "balanceAfter": after,
    }
    emit(core, organization, "InventoryBalanceChanged", {**payload, "externalUuid": cause.external})


def forget_product(core: Core, organization: Organization, product: str, user: str) -> None:
    """A deleted product has no stock and is not tracked."""
    was_tracked = organization.tracking.pop(product, False)
    rows = [
        organization.rows[key]
        for key in variant_keys(organization, organization.variants_of.get(product, ()))
    ]
    before = rows_as_reported(core, organization, rows, created=True)
    forget_variants(organization, organization.variants_of.get(product, ()))
    if was_tracked and rows and core.switches.tracking_sends_balances:
        for row in rows:
            row.balance = 0
        tell(core, organization, rows, before, Cause(user, None))


def forget_variants(organization: Organization, variants: Iterable[str]) -> None:
    """Removed variants have no rows."""
    for key in variant_keys(organization, variants):
        del organization.rows[key]
    organization.ordered_rows = None


def variant_keys(organization: Organization, variants: Iterable[str]) -> list[tuple[str, str]]:
    pairs = [(place, variant) for variant in variants for place in organization.inventories]
    return [pair for pair in pairs if pair in organization.rows]


def load_stock(
    core: Core, organization: Organization, levels: dict[str, int], tracked: Iterable[str] | None
) -> None:
    """Set levels by variant, without movements or messages.

    `tracked` are the products whose tracking is on. By default these are the products that have a
    level.
    """
    products = [organization.product_of[variant] for variant in levels]
    on = set(products) if tracked is None else set(tracked)
    if levels or on:
        open_inventories(core, organization)
    for product in dict.fromkeys([*products, *(one for one in organization.products if one in on)]):
        organization.tracking[product] = product in on
    store, now = organization.inventory("STORE"), core.now()
    for (variant, level), product in zip(levels.items(), products, strict=True):
        assert store is not None
        row = Row(organization.next_seq(), store.uuid, product, variant, level, now, now)
        organization.rows[store.uuid, variant] = row
    organization.ordered_rows = None
