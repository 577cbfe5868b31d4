"""The operator's API: what is documented, how each endpoint answers, and what it refuses."""

import re
from typing import Any

import jsonschema_rs
import pytest
from litestar.handlers import HTTPRouteHandler
from tests.web.conftest import HOME, Office
from tests.web.operators import acts_of, failing, kept
from tests.web.test_every_route import furnished, methods

from brygga.core.model import Stage
from brygga.database import (
    connections,
)
from brygga.web.app import OPERATOR_ROUTES
from brygga.web.operating.api import ENDPOINTS
from brygga.web.operating.door import API
from brygga.web.operating.openapi import document


def path_of(path: str, number: int, uuid: str) -> str:
    return path.replace("{number}", str(number)).replace("{uuid}", uuid)


def test_every_route_of_the_api_is_in_the_document_and_no_other() -> None:
    spec = document(ENDPOINTS, HOME)
    routes: list[HTTPRouteHandler] = list(OPERATOR_ROUTES)
    served = {
        (method.lower(), re.sub(r":\w+}", "}", path).removeprefix(API))
        for route in routes
        for method in methods(route)
        for path in route.paths
        if path.startswith(API) and method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    described = {(method, path) for path, some in spec["paths"].items() for method in some}

    assert described == served
    assert len(described) > 14
    jsonschema_rs.meta.validate(spec["components"]["schemas"]["Status"])


async def test_each_endpoint_answers_by_its_schema(office: Office) -> None:
    """The document that is served is the one that is checked."""
    world = office.world
    connection, _, uuid = await furnished(world)
    await failing(world, connection, uuid)
    await kept(world, connection)
    spec = (await world.browser().open("/operator/api/openapi.json")).json()
    async with world.database.transaction() as tx:
        await connections.set_stage(tx, connection.id, Stage.RUNNING)
    bodies: dict[str, Any] = {
        "sync": {"product": uuid},
        "retry": {"cause": "KeyError gather:77"},
        "replay": {"hours": 2},
        "erase": {"confirm": "Linds Keramik", "disconnect": True},
    }
    order = ["pause", "resume"]
    endpoints = sorted(
        ENDPOINTS, key=lambda one: (one.acts, one.name == "erase", one.name not in order)
    )
    found = {}
    for one in endpoints:
        path = path_of(one.path, connection.id, uuid)
        answer = await office.ask(one.method, path, json=bodies.get(one.name))
        missing = await office.ask(one.method, path_of(one.path, 999, uuid), json=None)
        operation = spec["paths"][one.path][one.method.lower()]
        for each in (answer, missing):
            described = operation["responses"][str(each.status_code)]
            schema = described["content"]["application/json"]["schema"]
            whole = {**schema, "components": spec["components"]}
            jsonschema_rs.validate(whole, each.json())
        found[one.name] = (answer.status_code, missing.status_code)

    assert {200} == {status for status, _ in found.values()}, found
    assert {404} == {
        status
        for name, (_, status) in found.items()
        if name not in {"listMerchants", "readQueue", "retryAll"}
    }
    acts = await acts_of(world, connection.id)
    assert {"pause", "resume", "sync", "retry", "replay", "support"} == set(acts)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/merchants?state=nonsense", 400, "malformed"),
        ("GET", "/merchants?page=0", 400, "malformed"),
        ("GET", "/merchants?unknown=1", 400, "malformed"),
        ("GET", "/merchants/99999999999999999999", 404, "unknown"),
        ("GET", "/merchants/1/webhooks?all=maybe", 400, "malformed"),
        ("GET", "/nothing", 404, "not_found"),
        ("POST", "/retry", 400, "malformed"),
        ("POST", "/merchants/1/resume", 404, "unknown"),
    ],
)
async def test_a_wrong_request_is_answered_in_json(
    office: Office, method: str, path: str, status: int, code: str
) -> None:
    content = b"[]" if path == "/retry" else b""
    answer = await office.ask(method, path, content=content)

    assert (status, code) == (answer.status_code, answer.json()["error"])


async def test_a_tool_without_a_secret_is_told_how(office: Office) -> None:
    answer = await office.world.browser().http.get(f"{API}/merchants")

    assert (401, "unauthorized") == (answer.status_code, answer.json()["error"])
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_what_cannot_be_done_now_is_409_with_the_reason(office: Office) -> None:
    connection = await office.world.running()
    async with office.world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "zettle_access_gone")
    here = f"/merchants/{connection.id}"
    answers = {
        (one := await office.ask("POST", f"{here}{path}", json=body)).json()["error"]: (
            one.status_code
        )
        for path, body in (("/resume", None), ("/sync", None), ("/erase", {"confirm": "x"}))
    }

    assert {"merchant": 409, "paused": 409, "not_confirmed": 409} == answers
