"""Saves what Zettle's webhooks say (`web.streams`)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from brygga.core.model import Stage
from brygga.core.stock import Hint
from brygga.database import inbox, receiving, reported_changes, tokens
from brygga.database.engine import Tx
from brygga.database.receiving import Question
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.sync.connection.account import REMOVED
from brygga.web.deps import WebDeps
from brygga.web.following import zettle_items
from brygga.web.saving import Said, Wanted, keys, save, unseen
from brygga.web.streams import Message
from brygga.web.work import ask
from brygga.zettle import events as till_events

TillMessage = Message[till_events.Event]
OfProduct = till_events.ProductCreated | till_events.ProductUpdated | till_events.ProductDeleted


def is_urgent(event: till_events.Event) -> bool:
    """Only what was edited of products may wait for other messages, never stock."""
    return not isinstance(event, OfProduct)


async def record(deps: WebDeps, tx: Tx, connection_id: int, batch: Sequence[TillMessage]) -> bool:
    """Saves these messages, each once. False when the connection is over."""
    now = deps.clock.now()
    asked = Question(Platform.ZETTLE, keys(batch), now)
    known = await receiving.receive(tx, connection_id, asked, now)
    if known is None or known.stage is Stage.DISCONNECTED:
        return False
    fresh = unseen(batch, known)
    hints = await _record_stock(tx, connection_id, fresh)
    wanted: Wanted = defaultdict(list)
    for one in fresh:
        if isinstance(one.event, till_events.ConnectionRemoved):
            await _zettle_left(deps, tx, connection_id, known.stage, one.event.envelope.at)
        for changed in zettle_items(one.event):
            wanted[changed.kind, changed.detail, None] += changed.subjects
    await save(deps, tx, connection_id, fresh, Said(Platform.ZETTLE, hints, wanted))
    return True


async def _record_stock(
    tx: Tx, connection_id: int, messages: Sequence[TillMessage]
) -> list[tuple[str, Hint]]:
    """Returns the hints of changed stock. A message older than Zettle's last retry is a replay that
    the inbox may have forgotten: it causes a read, nothing more.
    """
    hints: list[tuple[str, Hint]] = []
    echoes: list[str] = []
    for one in messages:
        if not _is_recent(one.event.envelope.at, one.at):
            continue
        match one.event:
            case till_events.BalanceChanged(external_uuid=echo) if echo:
                echoes.append(echo)
            case till_events.BalanceChanged():
                hints += _till_hints(one.event, one.at)
            case till_events.TrackingStarted(product_uuid=uuid, at=at) if uuid and at:
                await reported_changes.record_switch(tx, connection_id, uuid, at, one.at, on=True)
            case till_events.TrackingStopped(product_uuid=uuid, at=at) if uuid and at:
                await reported_changes.record_switch(tx, connection_id, uuid, at, one.at, on=False)
    if echoes:
        await reported_changes.record_echoes(tx, connection_id, echoes, messages[0].at)
    return hints


def _till_hints(event: till_events.BalanceChanged, now: datetime) -> list[tuple[str, Hint]]:
    """One hint for each variant. The event lists a sale twice: for the inventory STORE and for
    SOLD (zettle facts 4.6).
    """
    named = dict.fromkeys(
        (row.product_uuid, row.variant_uuid) for row in event.rows if row.product_uuid
    )
    made = event.envelope.at
    return [(product, Hint(now, variant=variant, made=made)) for product, variant in named]


def _is_recent(at: datetime | None, now: datetime) -> bool:
    """False for a message older than Zettle's last retry, which comes after some 72 hours (zettle
    facts 4.5). The inbox keeps messages for longer.
    """
    return at is None or at >= now - inbox.KEPT


async def _zettle_left(
    deps: WebDeps, tx: Tx, connection_id: int, stage: Stage, at: datetime | None
) -> None:
    """A message says that the merchant removed our access in Zettle (D3). We ask Zettle first, so
    that a replayed message ends nothing.

    While we are disconnecting, the message is only the echo of our own removal. A message from
    before the present token was given is about an earlier access. It may arrive hours late (zettle
    facts 4.5).
    """
    if stage is Stage.LEAVING:
        return
    token = await tokens.get(tx, connection_id, Platform.ZETTLE)
    if token is not None and at is not None and at < token.issued_at:
        return
    await ask(deps, tx, connection_id, Kind.ACCOUNT, force=True, detail=REMOVED)
