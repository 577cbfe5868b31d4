"""What the merchant asks the sync log for, as the address of the page says it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

from brygga.core.report import Code, Severity, Topic
from brygga.database import gone
from brygga.database.engine import Tx
from brygga.database.synclog import Filter
from brygga.web.log_kinds import CODES, LogKind
from brygga.web.paging import query_of

PERIODS: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
PROBLEMS: Final = "problems"
"""Warnings and errors together."""
MOST_FOUND: Final = 200
"""The products whose lines a search shows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of the filter, "" for all. An invalid value filters nothing, and is not shown."""

    topic: str = ""
    severity: str = ""
    kind: str = ""
    code: str = ""
    product: str = ""
    q: str = ""
    period: str = ""
    on: str = ""
    """A day, as 2026-11-30, in the time zone of the merchant's country."""

    @property
    def is_any(self) -> bool:
        return self != Asked()

    @property
    def query(self) -> str:
        return self.with_place("")

    def with_place(self, before: str) -> str:
        """The query string of a page of this list."""
        return query_of(
            topic=self.topic,
            severity=self.severity,
            kind=self.kind,
            code=self.code,
            product=self.product,
            q=self.q,
            period=self.period,
            on=self.on,
            before=before,
        )

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """From the query of an address."""
        return cls(**{one.name: query.get(one.name, "") for one in fields(cls)}).valid()

    def valid(self) -> "Asked":
        day = _day(self.on)
        return replace(
            self,
            topic=self.topic if self.topic in set(Topic) else "",
            severity=self.severity if self.severity in {*Severity, PROBLEMS} else "",
            kind=self.kind if self.kind in set(LogKind) else "",
            code=self.code if self.code in set(Code) else "",
            q=self.q.strip()[:100],
            period="" if day or self.period not in PERIODS else self.period,
            on=day.isoformat() if day else "",
        )


ANYTHING: Final = Asked()


async def filter_of(
    tx: Tx, connection_id: int, asked: Asked, now: datetime, country: str
) -> Filter:
    """The filter of the database. A search is for products."""
    codes: tuple[Code, ...] = ()
    if asked.kind:
        codes = tuple(sorted(CODES[LogKind(asked.kind)]))
    if asked.code:
        codes = (Code(asked.code),)
    since, until = _times(asked, now, country)
    subjects = None
    if asked.q:
        subjects = tuple(await gone.found(tx, connection_id, asked.q, MOST_FOUND))
    return Filter(
        Topic(asked.topic) if asked.topic else None,
        _severities(asked.severity),
        asked.product,
        codes,
        since,
        until,
        subjects,
    )


def _severities(text: str) -> tuple[Severity, ...]:
    if text == PROBLEMS:
        return Severity.WARNING, Severity.ERROR
    return (Severity(text),) if text else ()


def _times(asked: Asked, now: datetime, country: str) -> tuple[datetime | None, datetime | None]:
    if (day := _day(asked.on)) is not None:
        zone = zone_of(country)
        begin = datetime.combine(day, time(), zone)
        end = datetime.combine(day + timedelta(days=1), time(), zone)
        return begin.astimezone(UTC), end.astimezone(UTC)
    return (now - PERIODS[asked.period] if asked.period else None), None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 < day.year < 2200 else None


def zone_of(country: str) -> tzinfo:
    """The first time zone of a country, UTC where it is not known."""
    zones = get_global("territory_zones").get(country.upper(), ()) if country else ()
    try:
        return ZoneInfo(zones[0]) if zones else UTC
    except ZoneInfoNotFoundError:
        return UTC
