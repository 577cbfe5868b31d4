"""The work that follows from a webhook: which items, whatever their platform."""

from collections.abc import Iterable
from dataclasses import dataclass

from brygga.bigcommerce import events as shop_events
from brygga.database.work_items import Kind
from brygga.zettle import events as till_events


@dataclass(frozen=True, slots=True)
class Changed:
    kind: Kind
    subjects: tuple[str, ...] = ("",)
    detail: str = ""


def zettle_items(event: till_events.Event) -> tuple[Changed, ...]:
    """The work items that an event of Zettle's causes."""
    match event:
        case (
            till_events.ProductCreated(product_uuid=uuid)
            | till_events.ProductUpdated(product_uuid=uuid)
        ):
            return changed_at(Kind.PRODUCT, [uuid])
        case till_events.ProductDeleted(product_uuid=uuid):
            return changed_at(Kind.PRODUCT, [uuid], "deleted")
        case till_events.BalanceChanged(rows=rows):
            return changed_at(Kind.STOCK, (row.product_uuid for row in rows))
        case (
            till_events.TrackingStarted(product_uuid=uuid)
            | till_events.TrackingStopped(product_uuid=uuid)
        ):
            return changed_at(Kind.TRACKING, [uuid])
        case till_events.OrganizationUpdated():
            return (Changed(Kind.ACCOUNT),)
        case _:
            return ()


def bigcommerce_items(event: shop_events.ShopEvent) -> tuple[Changed, ...]:  # noqa: PLR0911
    """The work items that an event of BigCommerce's causes.

    Orders only explain a line: their stock has events of its own.
    """
    match event:
        case shop_events.ProductChanged(change=shop_events.Change.CREATED):
            return ()
        case shop_events.ProductChanged(product_id=product_id, change=change):
            return changed_at(
                Kind.SHOP_PRODUCT,
                [_id(product_id)],
                change.value if change is shop_events.Change.DELETED else "",
            )
        case shop_events.VariantChanged(product_id=product_id):
            return changed_at(Kind.SHOP_PRODUCT, [_id(product_id)])
        case shop_events.StockChanged(product_id=product_id):
            return changed_at(Kind.SHOP_STOCK, [_id(product_id)])
        case (
            shop_events.StoreChanged()
            | shop_events.CategoryChanged(change=shop_events.Change.DELETED)
        ):
            return (Changed(Kind.ACCOUNT),)
        case shop_events.Uninstalled() | shop_events.DeliveryFailed():
            # Neither proves that the app is gone (bigcommerce facts 1.8). A check of the
            # subscriptions finds out.
            return (Changed(Kind.HOOKS),)
        case _:
            return ()


def changed_at(kind: Kind, subjects: Iterable[str], detail: str = "") -> tuple[Changed, ...]:
    """The work item for these subjects, each once; none without a subject."""
    known = tuple(dict.fromkeys(subject for subject in subjects if subject))
    return (Changed(kind, known, detail),) if known else ()


def _id(number: int) -> str:
    return str(number) if number else ""
