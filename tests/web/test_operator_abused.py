"""Whatever is sent to the operator's pages and API, with a secret or without: no fault of ours,
nothing of a merchant moved, no secret in the log. As `test_abuse`, with its numbers of tries.
"""

import json
import logging
import re
from collections import Counter
from typing import Final
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from tests.web.conftest import FULL, READS, Office, World
from tests.web.test_abuse import (
    Route,
    assert_silent,
    bools,
    drawn,
    filled,
    free,
    jsons,
    kept,
    show,
    texts,
)
from tests.web.test_bodies import FORM, MULTIPART, Sender, ask
from tests.web.test_every_route import methods

from brygga.cli import logs
from brygga.core.model import Connection
from brygga.database import tables
from brygga.web.app import OPERATOR_ROUTES
from brygga.web.operating.api import ENDPOINTS
from brygga.web.operating.door import API

PARAMETERS: Final = sorted(
    {each.name for one in ENDPOINTS for each in one.query} | {"done", "n", "hours"}
)
FIELDS: Final = sorted({"number", "id", "at", "secret", "confirm", "cause", "kind", "webhooks"})
ROUTES: Final = [
    Route(method, path, ())
    for route in OPERATOR_ROUTES
    for path in sorted(route.paths)
    for method in sorted(methods(route))
    if method in {"GET", "POST"}
]
LEFT: Final = ("operator_sessions", "audit", "work_items", "synclog")
"""What a sign-in, a support bundle and an act leave."""
WISHES: Final = ["product", "webhooks", "kind", "support_id", "cause", "id", "hours", "at"]
numbers = st.sampled_from(["1", "1", "0", "-1", "9" * 19, "9" * 5000, "\u0661", "1_0", "x"])
bodies = st.one_of(
    st.binary(max_size=300),
    jsons.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(
            ["product", "webhooks", "kind", "support_id", "cause", "id", "hours", "at"]
        ),
        st.one_of(texts, st.integers(), st.booleans(), st.datetimes().map(lambda at: f"{at}Z")),
        max_size=3,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 90_000, b'{"cause":"\\u0000"}', b'{"at":"9999-12-31T23:59:59Z"}']),
)
queries = st.dictionaries(st.sampled_from(PARAMETERS), texts, max_size=3)


def path_of(route: Route, number: str, text: str) -> str:
    return filled(route.path, [number, text] if "{number" in route.path else [text])


def query_of(values: dict[str, str]) -> str:
    return "&".join(
        f"{name}={quote(text.encode('utf-8', 'replace'))}" for name, text in values.items()
    )


async def merchant_of(world: World) -> tuple[Connection, list[str]]:
    connection = await world.running()
    uuids = await world.stock_library(connection, "Kanna", assigned=True)
    return connection, uuids


def test_every_route_of_the_operator_is_tried() -> None:
    assert {one.path for one in ROUTES} == {
        path for route in OPERATOR_ROUTES for path in route.paths
    }
    assert len(ROUTES) > 25


@pytest.mark.slow
async def test_no_malformed_request_of_a_tool_is_a_fault(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has no secret, or one that may only read, leaves nothing either."""
    logs.configure(logging.DEBUG)
    world, statuses = free(office.world), Counter[int]()
    await merchant_of(world)
    before = await kept(world, *LEFT)
    tools = [one for one in ROUTES if one.path.startswith(API)]
    secrets = st.sampled_from(["", "x" * 40, READS, f"{FULL}\xe9"])

    for secret, route, number, text, query, body in drawn(
        st.one_of(secrets, st.just(FULL)), st.sampled_from(tools), numbers, texts, queries, bodies
    ):
        headers = {b"authorization": f"Bearer {secret}".encode("latin-1")}
        answer = await world.browser().http.request(
            route.method,
            f"{path_of(route, number, text)}?{query_of(query)}",
            headers=headers,
            content=body if route.method == "POST" else None,
        )
        statuses[answer.status_code] += 1
        assert answer.status_code < 500, (secret, route, number, text, query, body)
        if secret != FULL and route.method == "POST":
            assert answer.status_code in {400, 401, 403, 404}

    show(capsys, "the operator's API", statuses)
    assert before == await kept(world, *LEFT)
    assert_silent(capsys.readouterr())


@pytest.mark.slow
async def test_no_malformed_form_of_an_operator_is_a_fault(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the session and its token, and without."""
    logs.configure(logging.DEBUG)
    free(office.world)
    world, statuses = office.world, Counter[int]()
    connection, _ = await merchant_of(world)
    operator = await office.signed_in()
    token = re.search(r'name="_csrf_token" value="(\w+)"', (await operator.open("/operator")).text)
    assert token is not None
    cookie = f"__Host-brygga_operator={operator.http.cookies['__Host-brygga_operator']}"
    pages = [
        one for one in ROUTES if not one.path.startswith(API) and not one.path.endswith("/sign-out")
    ]
    fields = st.dictionaries(st.sampled_from(FIELDS), st.one_of(texts, numbers), max_size=4)

    for known, route, number, values, torn in drawn(
        bools, st.sampled_from(pages), numbers, fields, bools
    ):
        path = path_of(route, number, "x").replace("%", "_")
        body = query_of({"_csrf_token": token[1], **values}).encode()
        sender = Sender([body], "hang up" if torn else "end")
        kind = MULTIPART if values.get("id") == "" else FORM
        headers = {"cookie": cookie} if known else {}
        await ask(world, route.method, path, sender, content_type=kind, **headers)
        statuses[sender.status] += 1
        assert sender.status < 500, (known, route, number, values)
        if not known and route.method == "POST":
            assert sender.status in {303, 400, 403, 404, 413}

    show(capsys, "the operator's pages", statuses)
    async with world.database.read() as tx:
        found = await tx.rows(sa.select(tables.connections.c.id, tables.connections.c.stage))
    assert [(connection.id, "running")] == [tuple(row) for row in found]
    assert_silent(capsys.readouterr(), cookie.partition("=")[2], token[1])
