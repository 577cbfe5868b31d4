"""What support needs to see of a connection, and nothing that could harm if others read it.

Only codes, ids, counts and times: no token, no address, no name, no price, no text of a product,
nothing of a shopper.
"""

import platform
import re
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from brygga.core.model import Connection
from brygga.database import (
    bindings,
    connections,
    library_pages,
    subscriptions,
    support,
    synclog,
    waiting_work,
)
from brygga.database.bindings import Binding
from brygga.database.engine import Tx
from brygga.database.library_pages import Row
from brygga.database.synclog import Filter, Logged
from brygga.database.tokens import Platform

LINES: Final = 100
HARMLESS: Final = frozenset(
    {
        "cause",
        "change",
        "count",
        "effect",
        "field",
        "fields",
        "limit",
        "mode",
        "moment",
        "number",
        "reason",
        "side",
        "support_id",
        "unit",
    }
)
"""The parameters of a log line that are codes or counts. All others may contain what a merchant
wrote.
"""
_CODE: Final = re.compile("[a-z0-9_]*")
_STATUS: Final = re.compile(r": ([1-5][0-9]{2})\b")


async def gathered(tx: Tx, connection: Connection, subject: str, now: datetime) -> dict[str, Any]:
    """The report about one product, or about the whole connection when `subject` is ""."""
    from brygga.database import migrating  # noqa: PLC0415 - it loads the queue and Alembic

    lines = await synclog.page(tx, connection.id, Filter(subject=subject), limit=LINES)
    found = {
        "at": _time(now),
        "versions": {
            "brygga": version("brygga"),
            "python": platform.python_version(),
            "database": await migrating.revision(tx),
        },
        "connection": await _connection(tx, connection),
        "work": await _work(tx, connection.id),
        "subscriptions": await _subscriptions(tx, connection.id),
        "lines": [_line(logged) for logged in lines],
    }
    if subject:
        found["product"] = await _product(tx, connection.id, subject)
    return found


async def _connection(tx: Tx, connection: Connection) -> dict[str, Any]:
    health, totals = (
        await connections.health(tx, connection.id),
        await bindings.totals(tx, connection.id),
    )
    counts, shop = await library_pages.counts(tx, connection.id), connection.shop
    return {
        "number": connection.id,
        "stage": connection.stage.value,
        "paused": connection.paused,
        "prices": connection.choices.prices,
        "prices_paused": connection.prices_paused,
        "whole_library": connection.choices.whole_library,
        "currencies": [connection.organization.currency, shop.currency if shop else ""],
        "taxation": connection.organization.taxation_mode.value
        if connection.organization.taxation_mode
        else "",
        "store_prices_include_tax": shop.prices_include_tax if shop else None,
        "weight_unit": shop.weight_unit.value if shop and shop.weight_unit else "",
        "stock_moment": shop.stock_moment.value if shop and shop.stock_moment else "",
        "begun_at": _time(health.created_at),
        "swept_at": _time(health.swept_at),
        "unreachable_since": _time(health.unreachable_since),
        "held_at": _time(health.held_at),
        "restored_at": _time(health.restored_at),
        "library_was_read": bool(health.zettle_cursor),
        "products": {state.value: count for state, count in counts.items()},
        "bound": {
            "created": totals.created,
            "linked": totals.linked,
            "to_delete": totals.to_delete,
        },
    }


async def _work(tx: Tx, connection_id: int) -> dict[str, Any]:
    parked = await waiting_work.parked(tx, connection_id)
    return {
        "waiting": {
            kind.value: count
            for kind, count in (await waiting_work.counts(tx, connection_id)).items()
        },
        "tried_in_vain": await waiting_work.struggling(tx, connection_id),
        "parked": [
            [one.kind.value, one.subject, _time(one.failing_since), one.support_id]
            for one in parked
        ],
        "faults": [
            {"support_id": case.support_id, "at": _time(case.at), **case.bundle}
            for case in await support.faults(tx, connection_id)
        ],
    }


async def _subscriptions(tx: Tx, connection_id: int) -> list[list[str]]:
    """The subscriptions without their addresses, which contain the key by which the platforms reach
    us.
    """
    return [
        [platform_.value, one.topic, one.status]
        for platform_ in Platform
        for one in await subscriptions.all_of(tx, connection_id, platform_)
        if one.destination
    ]


async def _product(tx: Tx, connection_id: int, uuid: str) -> dict[str, Any]:
    row, binding = (
        await library_pages.one(tx, connection_id, uuid),
        await bindings.get(tx, connection_id, uuid),
    )
    return {
        "uuid": uuid,
        "library": _row(row) if row else None,
        "binding": _binding(binding) if binding else None,
    }


def _row(row: Row) -> dict[str, Any]:
    product = row.entry.product
    return {
        "state": row.state.value,
        "assigned": row.entry.assigned,
        "tracking": row.entry.tracking,
        "failure": row.entry.failure,
        "unreadable": row.entry.unreadable,
        "etag": row.entry.etag,
        "due_at": _time(row.due_at),
        "attempts": row.attempts,
        "variants": len(product.variants) if product else None,
        "options": len(product.definitions) if product else None,
        "images": len(product.image_urls) if product else None,
    }


def _binding(binding: Binding) -> dict[str, Any]:
    synced = binding.synced
    return {
        "product_id": synced.product_id,
        "origin": synced.origin.value,
        "state": binding.state.value,
        "etag": synced.etag,
        "synced_at": _time(binding.synced_at),
        "hidden": binding.hidden,
        "in_category": binding.in_category,
        "variants": len(synced.variants),
        "options": len(synced.options),
        "images": len(synced.images),
    }


def _line(logged: Logged) -> dict[str, Any]:
    line = logged.line
    return {
        "at": _time(logged.at),
        "code": line.code.value,
        "topic": line.topic.value,
        "severity": line.severity.value,
        "subject": line.subject,
        "params": {
            name: _without_text(name, value)
            for name, value in line.params.items()
            if name in HARMLESS
        },
    }


def _without_text(name: str, value: str) -> str:
    """A reason is a code of ours, or what a platform answered: that quotes names and SKUs, so only
    its status is kept.
    """
    if name != "reason" or _CODE.fullmatch(value):
        return value
    found = _STATUS.search(value)
    return found[1] if found else ""


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
