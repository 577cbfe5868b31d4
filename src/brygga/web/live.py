"""Live figures for open pages, as server-sent events: something is sent only when something moved."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from typing import Final

from litestar import get
from litestar.datastructures import State as AppState
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from brygga.store import connections, library_pages, movements, synclog
from brygga.store.jobs import first_of
from brygga.store.library_pages import State
from brygga.web.deps import WebDeps
from brygga.web.i18n import Words
from brygga.web.visit import Merchant

EVERY_S: Final = 1.0
LONGEST: Final = 600
"""After so many looks the stream ends; the browser opens a new one by itself."""
SIGN_OF_LIFE: Final = 15


@get("/apps/bigcommerce/live")
async def live(merchant: Merchant, state: AppState) -> ServerSentEvent:
    return ServerSentEvent(states(merchant.deps, merchant.own.id, merchant.words, state.closing))


async def states(
    deps: WebDeps, connection_id: int, words: Words, closing: asyncio.Event
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """The state now, then again whenever it has changed; until the pages close, so that an open stream holds no stop up."""
    before = ""
    for turn in range(LONGEST):
        data = await snapshot(deps, connection_id, words)
        if data != before:
            before = data
            yield ServerSentEventMessage(data=data, event="state", retry=3000)
        elif turn % SIGN_OF_LIFE == 0:
            yield ServerSentEventMessage(comment="still here")
        if closing.is_set():
            return
        await first_of(deps.clock.sleep(EVERY_S), closing.wait())
        if closing.is_set():
            return


async def snapshot(deps: WebDeps, connection_id: int, words: Words) -> str:
    """Figures as the page writes them, and a version that moves whenever a page should look again."""
    async with deps.database.read() as tx:
        connection = await connections.by_id(tx, connection_id)
        counts = await library_pages.counts(tx, connection_id)
        newest = await synclog.page(tx, connection_id, limit=1)
        moved = (await movements.newest(tx, connection_id), str(await movements.latest_explained(tx, connection_id)))
    figures = {
        "synced": counts[State.SYNCED],
        "waiting": counts[State.WAITING],
        "failed": counts[State.FAILED] + counts[State.UNREADABLE],
        "unassigned": counts[State.NOT_ASSIGNED],
    }
    moving = [
        sorted((state.value, count) for state, count in counts.items()),
        newest[0].id if newest else 0,
        moved,
        repr(connection),
    ]
    return json.dumps(
        {
            "texts": {key: words.number(value) for key, value in figures.items()},
            "done": figures["synced"],
            "total": figures["synced"] + figures["waiting"] + counts[State.FAILED],
            "version": hashlib.sha256(json.dumps(moving).encode()).hexdigest()[:16],
        }
    )
