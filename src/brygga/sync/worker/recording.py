"""What the turn sent to the platforms, and what came back, as the pages may show it: without
headers, secrets and personal data.

Only calls that change something are recorded: products, pictures and stock. Sign-in, subscriptions,
orders and all reads are left out.
"""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from brygga.database.exchanges import Exchange
from brygga.seams import Clock
from brygga.wire import Answer, Call, Gate

MOST_CALLS: Final = 400
"""The newest calls of one turn that are kept until it ends."""
MOST_ITEMS: Final = 60
MOST_TEXT: Final = 300
MOST_BYTES: Final = 256 * 1024
MOST_IDS: Final = 200
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LEFT_OUT: Final = re.compile(
    r"oauth|token|hooks|subscription|orders|customers|purchase|settings|apikey", re.IGNORECASE
)
"""Paths of calls that are never recorded."""
SECRET: Final = re.compile(
    r"token|secret|password|authorization|signing|credential|e-?mail|headers|phone", re.IGNORECASE
)
"""Names of fields whose values are never recorded."""
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
IDS: Final = frozenset({"id", "product_id", "variant_id"})
HIDDEN: Final = "…"


class Recording:
    """A gate that keeps what passed through it. It never waits, and never fails a call."""

    def __init__(self, inner: Gate, clock: Clock, kept: "deque[Exchange]") -> None:
        self.inner = inner
        self.clock = clock
        self.kept = kept

    async def enter(self, call: Call) -> None:
        await self.inner.enter(call)

    def left(self, call: Call, answer: Answer | None) -> None:
        self.inner.left(call, answer)
        if call.method not in READS and not LEFT_OUT.search(call.path):
            self.kept.append(exchange(call, answer, self.clock))


def exchange(call: Call, answer: Answer | None, clock: Clock) -> Exchange:
    """One call and its answer, as they may be shown."""
    sent, came = _sent(call), _came(answer)
    subjects = dict.fromkeys(
        [*re.findall(r"\d+", _last_steps(call.path)), *UUID.findall(call.path)]
    )
    for value in (sent, came):
        subjects |= dict.fromkeys(_ids(value))
    return Exchange(
        clock.now(),
        call.platform,
        call.method,
        call.path,
        None if answer is None else answer.status,
        tuple(list(subjects)[:MOST_IDS]),
        sent,
        came,
    )


def _last_steps(path: str) -> str:
    """The path below the catalog: a store's hash before it may hold digits too."""
    return path.partition("/catalog/")[2]


def _sent(call: Call) -> Any:
    if call.upload is not None:
        return {call.upload.part: f"{call.upload.media_type}, {len(call.upload.content)} bytes"}
    return None if call.json is None else shown(call.json)


def _came(answer: Answer | None) -> Any:
    if answer is None or not answer.body or len(answer.body) > MOST_BYTES:
        return None
    try:
        return shown(answer.json())
    except ValueError:
        return None


def shown(value: Any, name: str = "") -> Any:
    """The value as plain JSON: long lists and texts are cut, secrets are left out."""
    if name and SECRET.search(name) and not isinstance(value, bool):
        return HIDDEN
    match value:
        case None | bool() | int():
            return value
        case str():
            plain = value.replace("\x00", "").encode("utf-8", "replace").decode()
            return plain if len(plain) <= MOST_TEXT else plain[:MOST_TEXT] + HIDDEN
        case Mapping():
            pairs = list(value.items())[:MOST_ITEMS]
            return {str(key): shown(one, str(key)) for key, one in pairs}
        case list() | tuple():
            more = [HIDDEN] if len(value) > MOST_ITEMS else []
            return [shown(one) for one in value[:MOST_ITEMS]] + more
        case _:
            return str(value)


def _ids(value: Any, name: str = "") -> list[str]:
    match value:
        case bool() | None:
            return []
        case int():
            return [str(value)] if name in IDS else []
        case str():
            return UUID.findall(value)
        case dict():
            return [found for key, one in value.items() for found in _ids(one, key)]
        case list():
            return [found for one in value for found in _ids(one, name)]
        case _:
            return []
