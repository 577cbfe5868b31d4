"""The parity table: each operation of the sandbox, and how much is known of the real one.

The table has three columns. *Documented*: an OpenAPI file of the platform, or a section of the
pages on its behaviour. *Asked of a live account*: how many of the questions and rules of `certify`
call the operation. *Our reading*: the switches that affect it, and what can decide each: `certify`,
or a person.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

from brygga_sandbox.certify.asking import put
from brygga_sandbox.certify.journal import Journal
from brygga_sandbox.certify.not_asked import NOT_ASKED
from brygga_sandbox.certify.rehearsal import EVERYTHING, bench_at
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.http import Node, Request, Response
from brygga_sandbox.sandbox import Plan, Sandbox

DATA = Path(__file__).with_name("parity.json")
SENT = "what is sent"
STORE = "/api/stores/{store_hash}"
SECTIONS = {
    "/image": "6", "/inventory": "3", "/oauth": "1", "/products": "2", "/pusher": "4",
    "/purchase": "5", "/secure": "1.6",
}  # fmt: skip
"""The section of the Zettle page on each host, for operations without an OpenAPI file."""
EVERYWHERE = frozenset(
    {
        "zettle.refusal_bodies", "bigcommerce.clock_ahead_s", "bigcommerce.dead_token_status",
        "bigcommerce.closed_store_status", "bigcommerce.retry_after_header",
        "bigcommerce.throttled_body", "bigcommerce.unauthorized_body",
    }
)  # fmt: skip
"""Switches that affect every operation, whichever operation a test used."""
HEAD = """\
# Parity: what is known of each operation

Written by `brygga-sandbox parity`. Do not edit it: a test holds it to the code.

* **documented**: the platform's OpenAPI file, or the section of
  [zettle.md](../../../docs/platforms/zettle.md) where Zettle has only prose.
* **asked of a live account**: how many of the rules and questions of
  [certify](certify.md) call the operation.
* **our reading**: the switches that the sandbox goes by where the documents leave something open.
  [The guide](sandbox.md#switches) says what each does. *Asked*: `certify` puts the question to a
  live account. *By hand*: it says why it cannot, and how a person finds out.
"""


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """One method at one address."""

    side: str
    path: str
    method: str

    @property
    def name(self) -> str:
        return name_of(self.method, self.path)


def name_of(method: str, template: str) -> str:
    return f"{method} {template}"


@cache
def operations() -> tuple[Operation, ...]:
    """All operations of both platforms, without control addresses and pages."""
    sandbox = Sandbox(Plan(products=0, merchants=0), ManualClock())
    sides = {"zettle": sandbox.zettle.router, "bigcommerce": sandbox.bigcommerce.router}
    return tuple(
        sorted(
            Operation(side, template, method)
            for side, router in sides.items()
            for method, template in templates(router.root)
        )
    )


def templates(node: Node) -> Iterator[tuple[str, str]]:
    for method, route in node.routes.items():
        if not route.control:
            yield method, route.template
    for below in [*node.literal.values(), *([node.any] if node.any else [])]:
        yield from templates(below)


async def asked() -> Counter[str]:
    """Operation -> how many questions call it, counted while a sandbox is asked."""
    sandbox = Sandbox(Plan(products=3, drawings=False), ManualClock())
    called: dict[str, set[str]] = defaultdict(set)
    now: list[str] = []
    for router in (sandbox.zettle.router, sandbox.bigcommerce.router):
        watch(router, called, now)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        bench = bench_at(sandbox, http, Journal())
        for question in EVERYTHING:
            now[:] = [question.key]
            await put(bench, question)
        now.clear()
        await bench.clean_up()
    await sandbox.stop()
    return Counter({name: len(keys) for name, keys in called.items()})


def watch(router: Any, called: dict[str, set[str]], now: list[str]) -> None:
    """Record which question calls each operation."""
    answered = router.answered

    async def seen(handler: Any, request: Request) -> Response:
        if now:
            called[name_of(request.method, request.template)].add(now[0])
        response: Response = await answered(handler, request)
        return response

    router.answered = seen


def answered() -> dict[str, str]:
    """Switch -> what can decide it."""
    sides = {"shop": "bigcommerce", "till": "zettle"}
    by_hand = {name: "by hand" for one in NOT_ASKED for name in one.switches}
    certified = {f"{sides[one.side]}.{one.switch}": "asked" for one in EVERYTHING if one.switch}
    return {**{f"{side}.{name}": how for side in sides.values() for name, how in by_hand.items()},
            **certified}  # fmt: skip


def common(switches: Mapping[str, list[str]], side: str) -> set[str]:
    """The switches that affect every operation of a platform, or more than half of them."""
    own = [one.name for one in operations() if one.side == side]
    times = Counter(name for operation in own for name in switches.get(operation, ()))
    often = {name for name, number in times.items() if number > len(own) / 2}
    return often | {name for name in EVERYWHERE if name.startswith(f"{side}.")}


def readings(names: Iterable[str], how: Mapping[str, str]) -> str:
    """Switches as a table cell."""
    cells = [f"`{name.partition('.')[2]}` ({how.get(name, 'by hand')})" for name in sorted(names)]
    return ", ".join(cells) or "–"


def section_of(operation: Operation) -> str:
    """The section that describes an operation."""
    host = "/" + operation.path.split("/")[1]
    return f"zettle.md, section {SECTIONS[host]}"


def rows(side: str, data: Mapping[str, Any], times: Counter[str]) -> Iterator[str]:
    """The table of one platform."""
    switches, how = data["switches"], answered()
    shared = common(switches, side)
    yield "| operation | documented | asked of a live account | our reading (switch) |"
    yield "|---|---|---|---|"
    yield f"| *every operation* | | | {readings(shared, how)} |"
    for one in operations():
        if one.side != side:
            continue
        file = data["documented"].get(one.name)
        number = times[one.name]
        cells = [
            f"`{one.method} {one.path.removeprefix(STORE)}`",
            f"`{file}`" if file else section_of(one),
            f"by {number}" if number else "no",
            readings(set(switches.get(one.name, ())) - shared, how),
        ]
        yield f"| {' | '.join(cells)} |"
    sent = {name for name in switches[SENT] if name.startswith(f"{side}.")}
    yield f"| *webhooks, callbacks, and what people do* | | | {readings(sent - shared, how)} |"


async def table() -> str:
    """The page."""
    data, times = json.loads(DATA.read_text(encoding="utf-8")), await asked()
    every = [one.name for one in operations()]
    described = sum(name in data["documented"] for name in every)
    called = sum(times[name] > 0 for name in every)
    figures = (
        f"{len(every)} operations: {described} in an OpenAPI file, the others in prose; "
        f"{called} are asked of a live account."
    )
    parts = [HEAD, figures, "", "## Zettle", "", *rows("zettle", data, times), ""]
    parts += ["## BigCommerce", "", *rows("bigcommerce", data, times)]
    return "\n".join(parts) + "\n"
