"""A merchant who is told by mail and webhook: what arrives, and what makes each cause begin and
end.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import httpx2

from brygga.alert_channels import ByMail, ByWebhook
from brygga.core.alerts import Cause
from brygga.core.model import Connection, Synced
from brygga.core.statements import Compared, Reason
from brygga.core.stock import Ledger, StockRecord
from brygga.database import (
    alert_settings,
    bindings,
    brakes,
    connections,
    failed_work,
    finished_work,
    ledgers,
    library,
    statements,
    work_items,
)
from brygga.database.alert_messages import Channel
from brygga.database.brakes import Question
from brygga.database.engine import Database, Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.sync.worker.alerting import Outbox, observe
from brygga.web.letters import new_secret
from brygga.wire.mail import Mail, Mailer
from brygga.wire.outward import NotDelivered, Outward, open_outward
from tests.conftest import CountingDice, MovableClock
from tests.database.merchants import connected, cup

URL = "https://brygga.example"
RECEIVER = "https://receiver.example/alerts"
SECRET = new_secret("token")


@dataclass
class Letters:
    """Stands in for the mail server. `refusals` are raised, one for each mail."""

    mails: list[Mail] = field(default_factory=list)
    refusals: list[NotDelivered] = field(default_factory=list)

    async def send(self, mail: Mail) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.mails.append(mail)


@dataclass
class Receiver:
    """The merchant's own program. It takes only what the secret proves."""

    status: int = 204
    bodies: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.status >= 300:
            return httpx2.Response(self.status)
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = f"{name}.{at}.".encode() + request.content
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert f"v1,{wanted}" in request.headers["webhook-signature"].split(" ")
        self.bodies.append(json.loads(request.content))
        self.ids.append(name)
        return httpx2.Response(self.status)


async def anywhere(host: str, port: int) -> Sequence[str]:
    return ["192.0.43.8"]


@dataclass
class Told:
    """One merchant with both ways to be told, unless `by` says less."""

    database: Database
    clock: MovableClock
    connection: Connection
    letters: Letters = field(default_factory=Letters)
    receiver: Receiver = field(default_factory=Receiver)
    dice: CountingDice = field(default_factory=CountingDice)

    @property
    def outbox(self) -> Outbox:
        client = open_outward(httpx2.MockTransport(self.receiver))
        mailer = cast("Mailer", self.letters)
        return Outbox(
            self.database,
            self.clock,
            {
                Channel.MAIL: ByMail(mailer, URL),
                Channel.WEBHOOK: ByWebhook(Outward(client, resolve=anywhere), self.clock, URL),
            },
        )

    async def minutes(self, count: int) -> None:
        """So many rounds of the worker, one a minute."""
        for _ in range(count):
            self.clock.move(60)
            async with self.database.transaction() as tx:
                await observe(tx, tuple(Channel), self.dice, self.clock.now())
            await self.outbox.empty()

    async def do(self, act: Callable[[Tx, int], Awaitable[object]]) -> None:
        async with self.database.transaction() as tx:
            await act(tx, self.connection.id)

    async def switch_off(self, off: Collection[Cause]) -> None:
        await self.do(lambda tx, own: alert_settings.set_off(tx, own, off))


async def told(
    database: Database,
    clock: MovableClock,
    language: str = "sv",
    by: Collection[str] = tuple(Channel),
) -> Told:
    connection = await connected(database)
    async with database.transaction() as tx:
        own, now = connection.id, clock.now()
        await alert_settings.set_language(tx, own, language)
        await library.upsert_many(tx, own, [cup()], now, assign_new=True)
        if Channel.MAIL in by:
            await alert_settings.set_email(tx, own, "anna@example.com", "ticket", now)
            await alert_settings.confirm(tx, "ticket", now)
        if Channel.WEBHOOK in by:
            await alert_settings.set_hook(tx, own, RECEIVER, SECRET, now)
    return Told(database, clock, connection)


# ---- What begins and ends each cause -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Story:
    """How a cause begins and ends, and what the merchant reads in English."""

    begin: Callable[[Told], Awaitable[None]]
    end: Callable[[Told], Awaitable[None]]
    words: str
    way_out: str


def paused(code: str) -> Callable[[Told], Awaitable[None]]:
    return lambda one: one.do(lambda tx, own: connections.pause(tx, own, code))


async def goes_on(one: Told) -> None:
    await one.do(connections.resume)


def doubt(*, asked: bool) -> Callable[[Told], Awaitable[None]]:
    async def act(one: Told) -> None:
        now = one.clock.now()
        both = Ledger(StockRecord(7), StockRecord(7, variant_id=7))
        row = LedgerRow("cup", "cup-v", both, now)
        row = replace(row, check_since=now if asked else None)
        await one.do(lambda tx, own: ledgers.save(tx, own, [row], now))

    return act


async def differs(one: Told) -> None:
    """The statement finds it, and the look 15 minutes later."""
    found = [Compared("cup", "cup-v", 7, 5, Reason.UNDER_WAY)]
    for minutes in (0, 15):
        at = one.clock.now() + timedelta(minutes=minutes)
        async with one.database.transaction() as tx:
            await statements.differ(tx, one.connection.id, found, at)


async def is_equal(one: Told) -> None:
    await one.do(lambda tx, own: statements.differ(tx, own, [], one.clock.now()))


async def no_hooks(one: Told) -> None:
    """Subscriptions that cannot be made, try after try."""
    now = one.clock.now()
    await one.do(lambda tx, own: work_items.add(tx, own, Kind.HOOKS, "", now))
    for _ in range(18):
        async with one.database.transaction() as tx:
            (item,) = await work_items.due(
                tx, one.connection.id, now + timedelta(days=1), [Kind.HOOKS]
            )
            await failed_work.again(tx, item, now)


async def hooks_again(one: Told) -> None:
    async with one.database.transaction() as tx:
        items = await work_items.due(
            tx, one.connection.id, one.clock.now() + timedelta(days=1), [Kind.HOOKS]
        )
        for item in items:
            await finished_work.done(tx, item)


async def asks(one: Told) -> None:
    question = Question("zeroed", ("cup",), one.clock.now())
    await one.do(lambda tx, own: brakes.ask(tx, own, question))


async def answered(one: Told) -> None:
    await one.do(lambda tx, own: brakes.answer(tx, own, "zeroed", go=True, now=one.clock.now()))


async def first_sync(one: Told) -> None:
    now = one.clock.now()
    await one.do(lambda tx, own: bindings.save(tx, own, Synced("cup", 7), now))
    await one.do(lambda tx, own: bindings.commit(tx, own, {"cup": ("1", "x")}, now))


async def nothing(one: Told) -> None:
    """It never ends."""


STORIES: dict[Cause, Story] = {
    Cause.ACCESS_LOST: Story(
        paused("zettle_access_gone"), goes_on, "access to Zettle is gone", "/apps/bigcommerce"
    ),
    Cause.SYNC_STOPPED: Story(paused("plan_limit"), goes_on, "plan", "/apps/bigcommerce"),
    Cause.NUMBERS_TO_CHECK: Story(
        doubt(asked=True),
        doubt(asked=False),
        "Stock numbers to check: 1",
        "/apps/bigcommerce/check",
    ),
    Cause.NUMBERS_DIFFER: Story(
        differs, is_equal, "Stock numbers differ", "/apps/bigcommerce/statements"
    ),
    Cause.HOOKS_DEAD: Story(no_hooks, hooks_again, "do not arrive", "/support"),
    Cause.BRAKE: Story(asks, answered, "at once", "/apps/bigcommerce/answer/zeroed"),
    Cause.FIRST_SYNC_DONE: Story(first_sync, nothing, "first sync", "/apps/bigcommerce"),
}
