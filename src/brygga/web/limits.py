"""How often something may be done, and by whom. Each process counts for itself, in its memory.

    what                                            of whom                  how often
    sign-ins begun, each of which makes a state     a source                 30 a minute
    the same                                        everybody                1,200 a minute
    callbacks that prove nothing                    a source                 30 a minute
    lines of the log about them                     everybody                600 a minute
    webhooks to an address of no connection         a source                 60 a minute
    webhooks that prove nothing, at one address     a source                 120 a minute
    secrets of an operator that are wrong           a source                 10 a minute
    lines of the log about them                     everybody                600 a minute
    pages and forms                                 a merchant, an operator  1,200 a minute
    support reports                                 a merchant               10 an hour
    test alerts, and mails that ask to confirm      a merchant               10 an hour
    live streams that are open                      a session, a merchant    6 at once, 30 at once

A source is an IPv4 address, or the first 64 bits of an IPv6 address. Behind a proxy it is the
client's address only where `BRYGGA_TRUSTED_PROXIES` names the proxy. Otherwise it is the proxy's.

A platform sends the webhooks of all merchants from the same few sources. So failures at one address
of ours are counted for that address alone. An address that has received a genuine message in this
process is never limited by other failures of its source.
"""

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from litestar.exceptions import TooManyRequestsException

from brygga.seams import Clock
from brygga.web.session import AnyRequest

MOST_KEYS: Final = 100_000
"""The number of counters kept at once: some 20 MB."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`name` is a part of each counter's key: two limits of one rate never share a counter."""

    name: str
    rate: RateLimitItem


SIGN_IN: Final = Limit("sign_in", RateLimitItemPerMinute(30))
SIGN_IN_ALL: Final = Limit("sign_in_all", RateLimitItemPerMinute(1_200))
CALLBACK: Final = Limit("callback", RateLimitItemPerMinute(30))
CALLBACK_LINES: Final = Limit("callback_lines", RateLimitItemPerMinute(600))
MISSED_HOOK: Final = Limit("missed_hook", RateLimitItemPerMinute(60))
FORGED_HOOK: Final = Limit("forged_hook", RateLimitItemPerMinute(120))
PAGES: Final = Limit("pages", RateLimitItemPerMinute(1_200))
SUPPORT: Final = Limit("support", RateLimitItemPerHour(10))
OPERATOR: Final = Limit("operator", RateLimitItemPerMinute(10))
OPERATOR_LINES: Final = Limit("operator_lines", RateLimitItemPerMinute(600))
ALERTS: Final = Limit("alerts", RateLimitItemPerHour(10))
STREAMS_OF_SESSION: Final = 6
STREAMS_OF_MERCHANT: Final = 30
UNUSED_S: Final = 10


class TooMany(TooManyRequestsException):
    """`name` is the limit's name, for the operator's log line."""

    def __init__(self, name: str, after_s: int) -> None:
        super().__init__(detail=name, headers={"retry-after": str(after_s)})
        self.name = name


@dataclass(slots=True)
class Limits:
    clock: Clock
    is_on: bool = True
    _windows: FixedWindowRateLimiter = field(init=False)
    _open: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._windows = FixedWindowRateLimiter(Windows(self.clock))

    def take(self, limit: Limit, *whose: str) -> None:
        """Counts one more. Raises `TooMany` where the limit is reached."""
        if self.is_on and not self._windows.hit(limit.rate, limit.name, *whose):
            raise self._too_many(limit, *whose)

    def check(self, limit: Limit, *whose: str) -> None:
        """Raises `TooMany` where the limit of failures is reached."""
        if self.is_on and not self._windows.test(limit.rate, limit.name, *whose):
            raise self._too_many(limit, *whose)

    def has_room(self, limit: Limit) -> bool:
        """Counts one more of what is not refused but left out beyond the limit, whether limits are
        on or not.
        """
        return self._windows.hit(limit.rate, limit.name)

    def failed(self, limit: Limit, *whose: str) -> None:
        if self.is_on:
            self._windows.hit(limit.rate, limit.name, *whose)

    def stream(self, session: str, merchant: str) -> "Place":
        """A place for one more live stream. Raises `TooMany` where the most allowed are open."""
        keys = ("session", session), ("merchant", merchant)
        most = STREAMS_OF_SESSION, STREAMS_OF_MERCHANT
        if self.is_on and any(
            self._open[key] >= many for key, many in zip(keys, most, strict=True)
        ):
            raise TooMany("streams", 10)
        return Place(self._open, keys)

    def _too_many(self, limit: Limit, *whose: str) -> TooMany:
        left = (
            self._windows.get_window_stats(limit.rate, limit.name, *whose).reset_time
            - self.clock.now().timestamp()
        )
        return TooMany(limit.name, max(1, math.ceil(left)))


class Place:
    """Counted from its creation. A stream that never starts gives its place back after a while."""

    def __init__(self, taken: Counter[tuple[str, str]], keys: tuple[tuple[str, str], ...]) -> None:
        self._taken, self._keys = taken, keys
        taken.update(keys)
        self._unused = asyncio.get_running_loop().call_later(UNUSED_S, self._leave)

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        self._unused.cancel()
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self._taken.subtract(self._keys)
        for key in self._keys:
            if self._taken[key] <= 0:
                del self._taken[key]


class Windows(Storage):
    """Counters by key in process memory, on the service's own clock. Expired ones are deleted when
    room is needed.
    """

    STORAGE_SCHEME = ["brygga-memory"]  # noqa: RUF012 - read by the library's registry

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = self.clock.now().timestamp()
        count, until = self._counts.get(key, (0, 0.0))
        if until <= now:
            self._counts.pop(key, None)
            self._make_room(now)
            count, until = 0, now + expiry
        self._counts[key] = count + amount, until
        return count + amount

    def get(self, key: str) -> int:
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > self.clock.now().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, self.clock.now().timestamp()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        gone = len(self._counts)
        self._counts.clear()
        return gone

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    def _make_room(self, now: float) -> None:
        if len(self._counts) < MOST_KEYS:
            return
        self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}
        # A window that is nearly over is the least valuable.
        for key in list(self._counts)[: max(0, len(self._counts) - MOST_KEYS * 9 // 10)]:
            del self._counts[key]


def proxies_of(trusted: Collection[str]) -> Callable[[str], bool]:
    """A test whether an address is one of these addresses or in one of these networks."""
    networks = [ip_network(one) for one in trusted]

    @lru_cache(4096)
    def is_proxy(host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return is_proxy


def source_of(request: AnyRequest) -> str:
    """The source of a request. "" where the server does not know it."""
    client = request.client
    return _source(client.host) if client else ""


@lru_cache(4_096)
def _source(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(IPv6Address(int(address) >> 64 << 64))
