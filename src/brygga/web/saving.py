"""What is done with the webhooks of both platforms as they are saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from brygga.bigcommerce import events as shop_events
from brygga.core.stock import Hint
from brygga.database import receiving
from brygga.database.engine import Tx
from brygga.database.receiving import Known, Messages
from brygga.database.tokens import Platform
from brygga.database.work_items import STOCK_KINDS, Kind, Wish
from brygga.web import replaying
from brygga.web.deps import WebDeps
from brygga.web.streams import Message
from brygga.zettle import events as till_events

E = TypeVar("E", bound=till_events.Event | shop_events.ShopEvent)


Wanted = dict[tuple[Kind, str, datetime | None], list[str]]
"""The subjects of work by kind, detail, and when it is due: None for at once."""


@dataclass(frozen=True, slots=True)
class Said:
    """What messages of one platform say of stock, and the work that they ask for."""

    platform: Platform
    hints: Sequence[tuple[str, Hint]]
    wanted: Wanted


def keys(batch: Sequence[Message[E]]) -> list[str]:
    """By which a message is known when it comes again."""
    return [one.event.envelope.key for one in batch]


def unseen(batch: Sequence[Message[E]], known: Known) -> list[Message[E]]:
    """Those of the messages that were not delivered before: both platforms may deliver one twice.

    A message without an id always counts as new: a doubled hint costs only one read.
    """
    new = {*known.fresh}
    fresh: list[Message[E]] = []
    for one in batch:
        key = one.event.envelope.key
        if not key or key in new:
            new.discard(key)
            fresh.append(one)
    return fresh


async def save(
    deps: WebDeps, tx: Tx, connection_id: int, fresh: Sequence[Message[E]], said: Said
) -> None:
    """Saves what these messages say, in one statement, and adds a job for what is due. They are
    kept for `brygga replay`, where the settings say so.
    """
    now, platform, keeps = deps.clock.now(), said.platform, bool(deps.settings.keep_webhooks)
    wishes = [
        Wish(kind, subject, due_at or now, detail)
        for (kind, detail, due_at), subjects in said.wanted.items()
        for subject in subjects
    ]
    kept = [replaying.kept(platform, one.body, one.event) for one in fresh if keeps and one.body]
    await receiving.save(tx, connection_id, Messages(platform, said.hints, wishes, kept), now)
    if due := [kind for kind, _, due_at in said.wanted if due_at is None]:
        urgent = any(kind in STOCK_KINDS for kind in due)
        await deps.jobs.enqueue(tx, connection_id, urgent=urgent)
