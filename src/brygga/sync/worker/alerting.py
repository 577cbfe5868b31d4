"""Tells merchants by mail and webhook what needs them.

`observe` notes what is true now, and saves a message for what nobody has been told of yet: intent
comes before sending. `Outbox` sends what is saved, outside any transaction, and tries again with
growing delays. A message whose cause has ended meanwhile is not sent: it needs nothing any more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import structlog

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.alerts import Cause, Known, compared, next_try, to_tell
from brygga.core.model import Connection
from brygga.database import alert_messages, alert_settings, alerts, brakes, connections
from brygga.database.alert_messages import CONFIRM, Channel, Draft, Message
from brygga.database.alert_settings import AlertSettings
from brygga.database.engine import Database, Tx
from brygga.seams import Clock, Dice
from brygga.wire.outward import NotDelivered
from brygga.zettle.codes import Code as TillCode

ACCESS: Final = frozenset(
    code.value
    for code in (
        TillCode.ACCESS_GONE,
        TillCode.SCOPE_MISSING,
        ShopCode.ACCESS_GONE,
        ShopCode.SCOPE_MISSING,
        ShopCode.FORBIDDEN,
    )
)
"""The codes of a pause that end when the merchant gives access again."""
NAMES: Final = 5
"""A message names this many products."""


class Sender(Protocol):
    """Puts a message into words and delivers it. Raises `NotDelivered`."""

    async def __call__(
        self, message: Message, settings: AlertSettings, connection: Connection
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class _Telling:
    """Saves messages for one connection, in one transaction."""

    tx: Tx
    connection_id: int
    settings: AlertSettings
    dice: Dice
    now: datetime

    async def tell(self, known: Sequence[Known], channels: Collection[Channel]) -> None:
        usable = [one for one in Channel if one in channels and _is_open(self.settings, one)]
        if not usable:
            return
        for cause, subjects in to_tell(known, self.settings.off, self.now).items():
            mine = await alerts.tell(self.tx, self.connection_id, cause, subjects, self.now)
            if not mine:
                continue
            facts = await _facts(self.tx, self.connection_id, cause, mine)
            for channel in usable:
                name = f"msg_{self.dice.token()}"
                draft = Draft(channel, cause.value, name, tuple(mine), facts)
                await alert_messages.save(self.tx, self.connection_id, draft, self.now)


async def observe(tx: Tx, channels: Collection[Channel], dice: Dice, now: datetime) -> None:
    """`channels` are those that this installation can use."""
    present = await alerts.present(tx, ACCESS, now)
    known = await alerts.known(tx)
    told = await alert_settings.all_told(tx, now) if known else {}
    for connection_id in sorted({*present, *known}):
        before = known.get(connection_id, ())
        begun, ended = compared(present.get(connection_id, ()), before)
        if ended:
            await alerts.end(tx, connection_id, ended)
        if begun:
            await alerts.begin(tx, connection_id, begun, now)
        settings = told.get(connection_id)
        if settings is not None:
            left = [one for one in before if one.condition not in ended]
            await _Telling(tx, connection_id, settings, dice, now).tell(left, channels)


def _is_open(settings: AlertSettings, channel: Channel) -> bool:
    return settings.by_mail if channel is Channel.MAIL else settings.by_hook


async def _facts(
    tx: Tx, connection_id: int, cause: Cause, subjects: Sequence[str]
) -> Mapping[str, Any]:
    """What the words of a message need: nothing secret, and nothing of shoppers."""
    if cause in {Cause.NUMBERS_TO_CHECK, Cause.NUMBERS_DIFFER}:
        names = await alerts.names(tx, connection_id, subjects, NAMES)
        return {"count": len(subjects), "names": list(names)}
    if cause is Cause.BRAKE:
        asked = (await brakes.all_questions(tx, connection_id)).get(subjects[0])
        return {"count": len(asked.subjects) if asked else 0, "names": []}
    return {"count": len(subjects), "names": []}


@dataclass(slots=True)
class Outbox:
    """`senders` are the channels that this installation can use."""

    database: Database
    clock: Clock
    senders: Mapping[Channel, Sender]
    log: Any = field(default_factory=lambda: structlog.get_logger("brygga.alerts"))

    async def empty(self) -> None:
        """Sends every message that is due, one after the other."""
        while True:
            async with self.database.transaction() as tx:
                message = await alert_messages.claim(tx, self.clock.now())
            if message is None:
                return
            await self._deliver(message)

    async def _deliver(self, message: Message) -> None:
        now = self.clock.now()
        async with self.database.read() as tx:
            settings = await alert_settings.get(tx, message.connection_id, now)
            connection = await connections.by_id(tx, message.connection_id)
            wanted = await _is_wanted(tx, message, settings)
        sender = self.senders.get(message.channel)
        if connection is None or not wanted or sender is None:
            await self._finish(message, "over")
            return
        try:
            await sender(message, settings, connection)
        except NotDelivered as failed:
            await self._failed(message, failed)
        except Exception as bug:
            # The other messages must go out.
            self.log.exception("alert could not be made", kind=message.kind)
            await self._failed(message, NotDelivered(type(bug).__name__))
        else:
            await self._finish(message, "sent")
            self.log.info(
                "alert sent",
                connection=message.connection_id,
                kind=message.kind,
                channel=message.channel.value,
            )

    async def _finish(self, message: Message, state: str, error: str = "") -> None:
        async with self.database.transaction() as tx:
            await alert_messages.finish(tx, message, state, self.clock.now(), error)
            tx.touch(message.connection_id)

    async def _failed(self, message: Message, failed: NotDelivered) -> None:
        now = self.clock.now()
        again = None if failed.final else next_try(message.attempts, message.created_at, now)
        self.log.warning(
            "alert not delivered",
            connection=message.connection_id,
            kind=message.kind,
            channel=message.channel.value,
            why=failed.why,
            again=again and again.isoformat(timespec="seconds"),
        )
        if again is None:
            await self._finish(message, "failed", failed.why)
            return
        async with self.database.transaction() as tx:
            await alert_messages.again(tx, message, again, failed.why)


async def _is_wanted(tx: Tx, message: Message, settings: AlertSettings) -> bool:
    """Whether there is still somebody to tell, and something."""
    if message.kind == CONFIRM:
        return bool(settings.email) and message.facts.get("to") == settings.email
    if not _is_open(settings, message.channel):
        return False
    if message.kind not in set(Cause):
        return True
    cause = Cause(message.kind)
    return cause not in settings.off and bool(
        await alerts.still(tx, message.connection_id, cause, message.subjects)
    )
