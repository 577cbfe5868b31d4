"""Whatever strangers send: no fault of ours, nothing kept, no secret in the log.

`BRYGGA_ABUSES` says how many of each kind are tried, 150 unless set. 10,000 take some minutes.
The description of the routes is made from the handlers' own signatures, so that a new route is
abused from its first day.
"""

import inspect
import json
import logging
import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

import httpx2
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from litestar.handlers import HTTPRouteHandler
from tests.web.conftest import ALWAYS_SECRET, BERG, SHOP, World
from tests.web.test_bodies import FORM, MULTIPART, Sender, ask, merchant
from tests.web.test_every_route import methods
from tests.web.webhooks import KEY, SECRET, listening, reported, shop_body

from brygga.cli import logs
from brygga.database import audit, tables
from brygga.database.audit import Act
from brygga.figures import Figures
from brygga.web.app import ROUTES, build_app
from brygga.web.arguments import MADE, THE_FRAMEWORKS
from brygga.zettle import events

ABUSES: Final = int(os.environ.get("BRYGGA_ABUSES", "150"))
THEIR_OWN: Final = ("sessions", "oauth_states", "audit")
"""What sign-ins that were begun leave, and files that the merchant fetched."""
ENDLESS: Final = "/live"
_SPOT: Final = re.compile(r"{(\w+):(\w+)}")
_FIELD: Final = re.compile(r'name="([\w-]+)"')


@dataclass(frozen=True, slots=True)
class Route:
    """One route, as a client may know it."""

    method: str
    path: str
    query: tuple[str, ...]

    @property
    def is_for_platforms(self) -> bool:
        return self.path.startswith(("/hooks/", "/bigcommerce/", "/zettle/"))


def described() -> list[Route]:
    return [
        Route(method, path, _query(route, path))
        for route in ROUTES
        for path in sorted(route.paths)
        for method in sorted(methods(route))
        if method in {"GET", "POST"} and not path.endswith(ENDLESS)
    ]


def _query(route: HTTPRouteHandler, path: str) -> tuple[str, ...]:
    function: Any = route.fn
    in_path = {name for name, _ in _SPOT.findall(path)}
    names = [
        name
        for name in inspect.signature(function).parameters
        if name not in MADE | THE_FRAMEWORKS | in_path
    ]
    return tuple(
        "state" if name == "given" else "scope" if name == "rights" else name for name in names
    )


PAGES: Final = [one for one in described() if not one.path.startswith("/hooks/")]
FORMS: Final = [one for one in PAGES if one.method == "POST"]
NAMES: Final = [
    "product",
    "uuid",
    "key",
    "action",
    "answer",
    "confirmed",
    "products",
    "prices",
    "choice-x",
    "q",
    "page",
]
bools = st.booleans()
texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "9" * 30,
            "1e9",
            "\0",
            "../..",
            "http://[",
            "//x",
            "' OR 1=1 --",
            "🙂" * 40,
            "\ud7ff",
        ]
    ),
)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def drawn(*strategies: st.SearchStrategy[Any]) -> list[Any]:
    """The same examples in every run; `ABUSES` of them."""
    found: list[Any] = []

    @settings(
        max_examples=ABUSES,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*strategies))
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


def free(world: World) -> World:
    """The same world without rate limits: what is tried here must not end at the first bound."""
    unlimited = replace(world.deps.settings, rate_limits=False)
    world.deps = replace(world.deps, settings=unlimited, figures=Figures())
    world.app = build_app(world.deps)
    return world


async def kept(world: World, *but: str) -> dict[str, int]:
    """How many rows each table has."""
    async with world.database.read() as tx:
        return {
            table.name: await tx.scalar(sa.select(sa.func.count()).select_from(table))
            for table in tables.metadata.sorted_tables
            if table.name not in but
        }


def filled(path: str, values: list[str]) -> str:
    spots = iter(values)
    return _SPOT.sub(lambda _: quote(next(spots, "x") or "x", safe=""), path)


def test_every_route_is_described() -> None:
    assert {path for route in ROUTES for path in route.paths if not path.endswith(ENDLESS)} == {
        one.path for one in described()
    }
    assert ("code", "state", "error") == next(
        one.query for one in PAGES if one.path == "/zettle/auth"
    )


@pytest.mark.slow
async def test_no_malformed_page_or_callback_is_a_fault(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(logging.DEBUG)
    connection = await listening(free(world))
    browser = world.browser()
    await browser.sign_in()
    # The page of the plan keeps the one that it drew. Nothing else may keep anything.
    assert 200 == (await browser.http.get("/apps/bigcommerce/plan")).status_code
    session, before, statuses = (
        browser.http.cookies,
        await kept(world, *THEIR_OWN),
        Counter[int](),
    )

    for route, spots, values, known in drawn(
        st.sampled_from(PAGES),
        st.lists(texts, min_size=3, max_size=3),
        st.lists(texts, max_size=6),
        st.booleans(),
    ):
        guest = browser if known else world.browser()
        query = {
            name: value.encode("utf-8", "replace")
            for name, value in zip(route.query, values, strict=False)
        }
        pairs = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        answer = await guest.http.request(route.method, f"{filled(route.path, spots)}?{pairs}")
        statuses[answer.status_code] += 1
        assert answer.status_code < 500, (route, spots, values)

    show(capsys, "pages and callbacks", statuses)
    assert before == await kept(world, *THEIR_OWN)
    async with world.database.read() as tx:
        acts = {entry.act for entry in await audit.of(tx, connection.id)}
    assert acts <= {Act.SIGNED_IN, Act.EXPORTED}
    assert_silent(capsys.readouterr(), *session.values())


@pytest.mark.slow
async def test_no_malformed_form_is_a_fault_or_reaches_another(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(logging.DEBUG)
    await free(world).running(BERG, replace(SHOP, store_hash="berg1"))
    headers = await merchant(world)
    statuses: Counter[int] = Counter()
    async with world.database.read() as tx:
        berg = await tx.rows(
            sa.select(tables.connections).where(tables.connections.c.organization_uuid == BERG.uuid)
        )
    kinds = st.sampled_from(
        [FORM, MULTIPART, "multipart/form-data", "application/json", "", "x/y; boundary=\x7f"]
    )
    bodies = st.one_of(
        st.binary(max_size=300),
        st.dictionaries(st.sampled_from(NAMES), texts, max_size=8).map(_encoded),
        st.lists(st.binary(max_size=40), max_size=6).map(_parts),
    )

    for route, spots, kind, body, how in drawn(
        st.sampled_from(FORMS),
        st.lists(texts, min_size=3, max_size=3),
        kinds,
        bodies,
        st.tuples(bools, bools),
    ):
        known, torn = how
        if route.path in {"/sign-out", "/apps/bigcommerce/disconnect"}:
            continue
        sender = Sender([body], "hang up" if torn else "end")
        path = filled(route.path, spots).replace("%", "_")
        await ask(
            world, route.method, path, sender, **(headers if known else {}), content_type=kind
        )
        statuses[sender.status] += 1
        assert sender.status < 500, (route, spots, kind, body)

    show(capsys, "forms", statuses)
    async with world.database.read() as tx:
        after = await tx.rows(
            sa.select(tables.connections).where(tables.connections.c.organization_uuid == BERG.uuid)
        )
    assert list(berg) == list(after)
    assert_silent(capsys.readouterr(), headers["cookie"].partition("=")[2], headers["x_csrftoken"])


def show(capsys: pytest.CaptureFixture[str], what: str, statuses: Counter[int]) -> None:
    """For whoever reads the run: how many were tried, and what they were answered."""
    with capsys.disabled():
        reported = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
        faults = sum(count for status, count in statuses.items() if status >= 500)
        print(f"\n{what}: {statuses.total()} tried, {faults} answers 5xx; {reported}")


def _encoded(fields: dict[str, str]) -> bytes:
    return "&".join(
        f"{name}={quote(value.encode('utf-8', 'replace'))}" for name, value in fields.items()
    ).encode()


def _parts(parts: list[bytes]) -> bytes:
    head = b'--x\r\ncontent-disposition: form-data; name="a"\r\n'
    return b"".join(head + part + b"\r\n" for part in parts) + b"--x--\r\n"


@pytest.mark.slow
async def test_no_malformed_webhook_is_a_fault_or_leaves_anything(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forged, broken, or of another merchant: the one that is genuine at the end is heard."""
    logs.configure(logging.DEBUG)
    connection = await listening(free(world))
    before, statuses = await kept(world), Counter[int]()
    body, signature = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}})
    shop = shop_body("store/product/updated", {"type": "product", "id": 7})
    changed = st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4))
    forged = st.one_of(
        st.binary(max_size=400),
        jsons.map(lambda value: json.dumps(value).encode()),
        changed.map(lambda at: body[: at[0]] + at[1] + body[at[0] + 1 :]),
        changed.map(lambda at: shop[: at[0]] + at[1] + shop[at[0] + 1 :]),
    )
    proofs = st.sampled_from(["", "0" * 64, "theirs", signature, signature.upper() + "0", "é"])
    keys = st.sampled_from(
        [connection.hook_key, "nobody", connection.hook_key[:-1], "%00", "x" * 300]
    )

    for platform, key, message, proof, then in drawn(
        st.sampled_from(["zettle", "bigcommerce"]),
        keys,
        forged,
        proofs,
        st.sampled_from(["end", "hang up"]),
    ):
        if platform == "zettle" and proof == signature and _is_signed(message):
            continue
        sender = Sender([message], then)
        named = {
            "x_izettle_signature": proof,
            "x_brygga_secret": proof,
            "webhook_signature": f"v1,{proof}",
        }
        await ask(world, "POST", f"/hooks/{platform}/{key}", sender, **named)
        statuses[sender.status] += 1
        assert sender.status in {200, 400, 401, 404}, (platform, key, message, proof)

    show(capsys, "webhooks", statuses)
    await world.app.state.tally.close(world.deps)
    assert before == await kept(world, "deliveries") | {"deliveries": before["deliveries"]}
    genuine = await world.browser().http.post(
        f"/hooks/zettle/{connection.hook_key}",
        content=body,
        headers={"x-izettle-signature": signature},
    )
    assert 200 == genuine.status_code
    assert_silent(capsys.readouterr(), connection.hook_key, KEY, SECRET, signature)


def _is_signed(message: bytes) -> bool:
    return events.verify(KEY, reported("ProductUpdated", {"newEntity": {"uuid": "p1"}})[1], message)


@pytest.mark.parametrize("path", ["/hooks/zettle/{key}", "/hooks/bigcommerce/{key}"])
async def test_a_fault_at_a_webhook_s_address_does_not_tell_the_key(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    logs.configure(logging.DEBUG)
    connection = await listening(world)

    async def broken(*_: object) -> None:
        raise RuntimeError(
            f"cannot read https://brygga.example{path.format(key=connection.hook_key)}"
        )

    monkeypatch.setattr("brygga.web.addresses.look_up", broken)
    answer: httpx2.Response = await world.browser().http.post(
        path.format(key=connection.hook_key), content=b"{}"
    )
    said = capsys.readouterr()

    assert 500 == answer.status_code
    assert "page failed" in said.err
    assert "/hooks/" in said.err
    assert_silent(said, connection.hook_key)


def assert_silent(said: Any, *secrets: str) -> None:
    """No secret of this world is in what an operator reads."""
    text = said.err + "".join(line for line in said.out.splitlines(keepends=True) if "[" in line)
    found = [secret for secret in (*secrets, *ALWAYS_SECRET) if secret and secret in text]
    assert [] == found
