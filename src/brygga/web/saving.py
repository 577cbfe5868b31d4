"""What is done with the webhooks of both platforms as they are saved."""

from collections.abc import Sequence
from typing import TypeVar

from brygga.bigcommerce import events as shop_events
from brygga.database import kept_webhooks
from brygga.database.engine import Tx
from brygga.database.receiving import Known
from brygga.database.tokens import Platform
from brygga.web import replaying
from brygga.web.deps import WebDeps
from brygga.web.lanes import Message
from brygga.zettle import events as till_events

E = TypeVar("E", bound=till_events.Event | shop_events.ShopEvent)


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


async def keep(
    deps: WebDeps, tx: Tx, connection_id: int, platform: Platform, fresh: Sequence[Message[E]]
) -> None:
    """Keeps these messages for `brygga replay`, where the settings say so."""
    if not deps.settings.keep_webhooks:
        return
    kept = [replaying.kept(platform, one.body, one.event) for one in fresh if one.body]
    await kept_webhooks.add(tx, connection_id, platform, kept, deps.clock.now())
