"""Live figures for open pages, as server-sent events. An event is sent only when something changed.

All open pages of a connection share one count, and nothing is counted while nothing changes.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from litestar import get
from litestar.datastructures import State as AppState
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage
from sqlalchemy.exc import SQLAlchemyError

from brygga.core.model import Stage
from brygga.database import (
    audit,
    connections,
    duplicates,
    library_pages,
    movements,
    plans,
    stamps,
    synclog,
    waiting_work,
)
from brygga.database.changes import Changes, Followed
from brygga.database.engine import Database, DatabaseGone, PoolExhausted
from brygga.database.library_pages import State
from brygga.database.queue import first_of
from brygga.seams import Clock
from brygga.web import progress, summary
from brygga.web.i18n import Words
from brygga.web.limits import Limits, Place
from brygga.web.progress import Progress
from brygga.web.store_user import lost_access
from brygga.web.summary import Summary
from brygga.web.visit import Merchant

PATH: Final = "/apps/bigcommerce/live"
EVERY_S: Final = 1.0
SHARE: Final = 20
"""Counting takes at most a twentieth of the time.

After a count that took long, the next one waits longer.
"""
LONGEST_REST_S: Final = 10.0
"""Also on a machine that is overloaded, an open page is never older than this."""
KEPT: Final = 200
"""Summaries in memory of connections that nobody follows."""
LONGEST_S: Final = 600
"""After this time the stream ends, and the browser opens a new one by itself."""
SIGN_OF_LIFE_S: Final = 15
ENDED: Final = '{"texts": {}, "done": 0, "total": 0, "version": "ended"}'
"""The page reloads itself, and finds that it is signed out."""


@get(PATH)
async def live(merchant: Merchant, state: AppState) -> ServerSentEvent:
    boards: Boards = state.boards
    limits: Limits = state.limits
    place = limits.stream(str(merchant.request.get_session_id()), str(merchant.own.id))
    may_read = partial(still_signed_in, merchant)
    return ServerSentEvent(
        _placed(states(boards, merchant.own.id, merchant.words, state.closing, may_read), place)
    )


async def _placed(
    stream: AsyncGenerator[ServerSentEventMessage, None], place: Place
) -> AsyncGenerator[ServerSentEventMessage, None]:
    with place.used():
        async with contextlib.aclosing(stream):
            async for message in stream:
                yield message


# ---- Counting ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures on pages, and a version that changes whenever a page should reload."""

    synced: int
    waiting: int
    failed: int
    unassigned: int
    total: int
    version: str
    newest: str = ""
    """The sync log's and the movements' newest, as a page names what it has read."""
    work: str = ""
    """Changes with every work item that is added or done. A page that waits for work reloads."""
    first: Progress = field(default_factory=Progress)
    """What is being created, while that is much."""


@dataclass(slots=True)
class Board:
    """The figures of one connection, as last counted."""

    followed: Followed
    figures: Figures | None = None
    counted: int = -1
    """The version that was counted."""
    summary: Summary | None = None
    summarized: int = -1
    """The version that the summary is of."""
    next_at: float = 0.0
    act: int = 0
    """The newest act that may have ended a session, as of the version `looked`."""
    looked: int = -1
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Boards:
    """The boards of one process, whatever the number of open pages."""

    database: Database
    clock: Clock
    changes: Changes = field(init=False)
    _boards: dict[int, Board] = field(default_factory=dict)
    _kept: dict[int, tuple[str, Summary | None]] = field(default_factory=dict)
    """The newest summaries of connections that nobody follows, with the stamp before each."""

    def __post_init__(self) -> None:
        self.changes = Changes(self.database, self.clock)

    def of(self, connection_id: int, followed: Followed) -> Board:
        board = self._boards.get(connection_id)
        if board is None or board.followed is not followed:
            self._boards = {id_: one for id_, one in self._boards.items() if one.followed.followers}
            board = self._boards[connection_id] = Board(followed)
        return board

    async def figures(self, connection_id: int, board: Board) -> Figures:
        """Counts again only if something has changed since, not too often, and once for all
        callers.
        """
        async with board.lock:
            moved = (
                board.counted != board.followed.version and self.clock.monotonic() >= board.next_at
            )
            if board.figures is None or moved:
                version, began = board.followed.version, self.clock.monotonic()
                board.figures = await counted(self.database, connection_id, self.clock.now())
                took = self.clock.monotonic() - began
                rest_s = min(max(EVERY_S, took * SHARE), LONGEST_REST_S)
                board.counted, board.next_at = version, began + rest_s
            return board.figures

    async def summary(self, connection_id: int) -> Summary:
        """The numbers that a page shows. They are counted again only if something has changed
        since, as far as this process hears of changes: while a page of the connection is open.
        """
        followed = self.changes.followed(connection_id)
        if followed is None:
            return await self._unfollowed(connection_id)
        board = self.of(connection_id, followed)
        async with board.lock:
            if board.summary is None or board.summarized != followed.version:
                version = followed.version
                board.summary = await summary.read(self.database, connection_id, self.clock.now())
                board.summarized = version
            return board.summary

    async def _unfollowed(self, connection_id: int) -> Summary:
        """As `summary`, while this process hears of nothing: pages without a script are opened
        again and again. A stamp of the work says whether anything was done since.
        """
        async with self.database.read() as tx:
            now = await stamps.of(tx, connection_id)
        stamp, kept = self._kept.get(connection_id, ("", None))
        if kept is None or stamp != now:
            kept = await summary.read(self.database, connection_id, self.clock.now())
            others = [one for one in self._kept.items() if one[0] != connection_id]
            self._kept = dict([*others[1 - KEPT :], (connection_id, (now, kept))])
        return kept

    async def newest_act(self, connection_id: int, board: Board) -> int:
        """Asked anew after each change, also while a count has to wait, and once for all
        callers.
        """
        async with board.lock:
            if board.looked != board.followed.version:
                version = board.followed.version
                async with self.database.read() as tx:
                    board.act = await audit.newest(tx, connection_id)
                board.looked = version
            return board.act


async def counted(database: Database, connection_id: int, now: datetime) -> Figures:
    async with database.read() as tx:
        mark, work = await stamps.newest(tx, connection_id), await stamps.of(tx, connection_id)
        connection = await connections.by_id(tx, connection_id)
        counts = await library_pages.counts(tx, connection_id)
        plan = await plans.stamp(tx, connection_id)
        newest = await synclog.page(tx, connection_id, limit=1)
        failing = [one.support_id for one in await waiting_work.parked(tx, connection_id)]
        # Before the first sync the pages wait for such work. Later it comes and goes, and the
        # counts are enough.
        early = connection is not None and connection.stage is not Stage.RUNNING
        kinds = (
            sorted(kind.value for kind in await waiting_work.waiting_kinds(tx, connection_id))
            if early
            else []
        )
        # They are shown one by one while the store is compared.
        likely = await duplicates.undecided(tx, connection_id) if early else 0
        silent = await waiting_work.outages(tx, connection_id)
        moved = (
            await movements.newest(tx, connection_id),
            str(await movements.latest_explained(tx, connection_id)),
        )
        first = await progress.read(
            tx, connection_id, counts[State.WAITING] if not early else 0, now
        )
    moving = [
        sorted((state.value, count) for state, count in counts.items()),
        newest[0].id if newest else 0,
        moved,
        sorted(silent),
        plan,
        repr(connection),
        first.is_shown,
        failing,
        kinds,
        likely,
    ]
    synced, waiting, failed = counts[State.SYNCED], counts[State.WAITING], counts[State.FAILED]
    return Figures(
        synced=synced,
        waiting=waiting,
        failed=failed + counts[State.UNREADABLE],
        unassigned=counts[State.NOT_ASSIGNED],
        total=synced + waiting + failed,
        version=_short(json.dumps(moving)),
        newest=mark,
        work=_short(work),
        first=first,
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---- Sending -------------------------------------------------------------------------------------


async def still_signed_in(merchant: Merchant) -> bool:
    """Whether the session of this request has not ended since."""
    deps, request = merchant.deps, merchant.request
    kept = await deps.sessions.find(str(request.get_session_id()))
    return kept is not None and not await lost_access(deps.database, request)


async def always() -> bool:
    return True


async def states(
    boards: Boards,
    connection_id: int,
    words: Words,
    closing: asyncio.Event,
    may_read: Callable[[], Awaitable[bool]] = always,
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """The state now, then again whenever it has changed.

    It ends when the pages close, so that an open stream does not delay a stop, and within seconds
    after its session has ended. `may_read` is asked after each act that may have ended it.
    """
    clock, before, acts = boards.clock, "", -1
    spoken = clock.monotonic()
    ends_at = spoken + LONGEST_S
    with boards.changes.follow(connection_id) as followed:
        board = boards.of(connection_id, followed)
        while clock.monotonic() < ends_at and not closing.is_set():
            try:
                if (newest := await boards.newest_act(connection_id, board)) != acts:
                    acts = newest
                    if not await may_read():
                        yield ServerSentEventMessage(data=ENDED, event="state", retry=3000)
                        return
                data = reported(await boards.figures(connection_id, board), words)
            except (DatabaseGone, PoolExhausted, SQLAlchemyError):
                return  # the browser connects again, and finds the page that says so
            if data != before:
                before, spoken = data, clock.monotonic()
                yield ServerSentEventMessage(data=data, event="state", retry=3000)
            elif clock.monotonic() - spoken >= SIGN_OF_LIFE_S:
                spoken = clock.monotonic()
                yield ServerSentEventMessage(comment="still here")
            await first_of(
                followed.beyond(board.counted), clock.sleep(SIGN_OF_LIFE_S), closing.wait()
            )
            if followed.version > board.counted:
                left_s = max(0.0, board.next_at - clock.monotonic())
                await first_of(clock.sleep(min(left_s, EVERY_S)), closing.wait())


def reported(figures: Figures, words: Words) -> str:
    """Figures as the page writes them, in the reader's language."""
    keys = ("synced", "waiting", "failed", "unassigned")
    texts = {key: words.number(getattr(figures, key)) for key in keys}
    first = figures.first
    if first.is_shown:
        texts |= progress.texts(words, first)
    return json.dumps(
        {
            "texts": texts,
            "done": first.made.made if first.is_shown else figures.synced,
            "total": first.made.wanted if first.is_shown else figures.total,
            "version": figures.version,
            "newest": figures.newest,
            "work": figures.work,
        }
    )
