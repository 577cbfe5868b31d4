"""The operator's pages and API under attack: malformed bodies, bodies of strangers, ids of another
merchant, guesses, and fields that cannot be read.
"""

import re
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.conftest import NOON
from tests.web.conftest import BERG, FULL, HOME, READS, SHOP, Office
from tests.web.operators import acts_of, failing, kept
from tests.web.test_bodies import FORM, MULTIPART, Sender, ask

from brygga.core.report import Code, Line, Topic
from brygga.database import synclog, waiting_work
from brygga.web.operating.api import ENDPOINTS
from brygga.web.operating.door import API
from brygga.web.operating.openapi import document

SIGN_IN = "/operator/sign-in"
DEEP = b"[" * 100_000


async def signing_in(office: Office, sender: Sender, **headers: str) -> Sender:
    return await ask(office.world, "POST", SIGN_IN, sender, **headers)


# ---- Bodies --------------------------------------------------------------------------------------


async def test_no_body_of_a_tool_is_a_fault_of_ours(office: Office) -> None:
    connection = await office.world.running()
    here, found = f"/merchants/{connection.id}", {}
    bodies = {
        "/sync": [b'{"product":"\\u0000"}', b'{"x":' + DEEP, b"\xff", b'{"product":"\\ud800"}'],
        "/retry": [b'{"cause":"a\\u0000"}', b'{"support_id":"\\u0000b"}', b'{"kind":"\\u0000"}'],
        "/replay": [
            b'{"at":"9999-12-31T23:59:59Z"}',
            b'{"at":"9999-12-31T23:59:59-12:00"}',
            b'{"at":"0001-01-01T00:00:00+14:00"}',
            b'{"at":"2026-03-02T12:00:00"}',
            b'{"id":9223372036854775808}',
        ],
        "/erase": [b'{"confirm":"\\u0000"}', b"null"],
    }
    for path, some in bodies.items():
        for body in some:
            answer = await office.ask("POST", f"{here}{path}", content=body)
            found[path, body[:40]] = (answer.status_code, answer.json()["error"])

    assert {(400, "malformed")} == set(found.values()), found
    assert [] == await acts_of(office.world, connection.id)


async def test_a_body_beyond_its_bounds_is_answered_by_the_document(office: Office) -> None:
    answer = await office.ask("POST", "/retry", content=b" " * 300_000)
    spec = document(ENDPOINTS, HOME)["paths"]["/retry"]["post"]["responses"]

    assert (413, "large") == (answer.status_code, answer.json()["error"])
    assert {"408", "413"} < set(spec)


@pytest.mark.parametrize("kind", [FORM, MULTIPART, "application/json", ""])
async def test_a_sign_in_is_small(office: Office, kind: str) -> None:
    """It is the one form of ours that anybody may send."""
    sender = await signing_in(office, Sender([b"secret=" + b"x" * 1000] * 99), content_type=kind)

    assert sender.status in {403, 413}
    assert sender.asked <= 5


async def test_nothing_is_read_from_who_has_guessed_too_often(office: Office) -> None:
    for _ in range(10):
        await signing_in(office, Sender([b"secret=no"]), content_type=FORM)
    refused = await signing_in(office, Sender([f"secret={FULL}".encode()]), content_type=FORM)
    world = office.world
    world.clock.move(61)
    foreign = Sender([f"secret={FULL}".encode()])
    await signing_in(office, foreign, content_type=FORM, sec_fetch_site="cross-site")

    assert (429, 0) == (refused.status, refused.asked)
    assert (403, 0) == (foreign.status, foreign.asked)


@pytest.mark.parametrize("secret", [READS, "x" * 40])
async def test_no_body_is_read_from_a_tool_that_may_not_act(office: Office, secret: str) -> None:
    sender = Sender([b"{}"] * 9)
    await ask(office.world, "POST", f"{API}/retry", sender, authorization=f"Bearer {secret}")

    assert sender.status in {401, 403}
    assert 0 == sender.asked


# ---- Who comes in --------------------------------------------------------------------------------


async def test_a_wrong_secret_is_written_down_with_its_source(office: Office) -> None:
    browser = office.world.browser(address="192.0.2.9")
    with capture_logs() as lines:
        await browser.http.post(SIGN_IN, data={"secret": "a guess of mine"})
        await browser.http.get(f"{API}/queue", headers={"authorization": "Bearer another"})

    said = [line for line in lines if line["event"] == "operator refused"]
    assert [(SIGN_IN, "192.0.2.9"), (f"{API}/queue", "192.0.2.9")] == [
        (line["route"], line["source"]) for line in said
    ]
    assert "guess" not in str(lines)
    assert "another" not in str(lines)


async def test_who_signs_in_again_ends_the_session_before(office: Office) -> None:
    operator = await office.signed_in()
    before = operator.http.cookies["__Host-brygga_operator"]
    await operator.http.post(SIGN_IN, data={"secret": READS})
    thief = office.world.browser()
    thief.http.cookies.set("__Host-brygga_operator", before, domain="brygga.example")

    assert 200 == (await operator.open("/operator")).status_code
    assert 303 == (await thief.open("/operator")).status_code


# ---- What is meant -------------------------------------------------------------------------------


async def test_a_field_that_cannot_be_read_never_means_all(office: Office) -> None:
    """A number that is none retries nothing of all merchants, an hour that is none replays
    nothing of the last hours.
    """
    world, connection = office.world, await office.world.running()
    await failing(world, connection)
    await kept(world, connection)
    operator, here = await office.signed_in(), f"/operator/merchants/{connection.id}"
    sent: list[tuple[str, dict[str, str]]] = [
        *(("/operator/retry", {"number": one}) for one in ("9" * 19, "-1", "x", "0", "٣")),
        ("/operator/retry", {"kind": "nonsense"}),
        *((f"{here}/replay", {"id": one}) for one in ("9" * 19, "-1", "x")),
        *((f"{here}/replay", {"hours": one}) for one in ("9" * 30, "x")),
        *((f"{here}/replay", {"at": one}) for one in ("now", "9999-12-31T23:59", "1999-12-31")),
    ]
    answers = [await operator.press(path, "/operator", **fields) for path, fields in sent]
    async with world.database.read() as tx:
        waiting = await waiting_work.counts(tx, connection.id)

    assert {400, 404} == {one.status_code for one in answers}
    assert [] == await acts_of(world, connection.id)
    assert {} == dict(waiting)


async def test_ids_of_another_merchant_open_and_move_nothing(office: Office) -> None:
    """One merchant's number, with the product, the webhook and the support id of another."""
    world, lind = office.world, await office.world.running()
    berg = await world.running(BERG, replace(SHOP, store_hash="berg1"))
    (row,) = await world.stock_library(berg, "Bok", assigned=True)
    await failing(world, berg)
    webhook, here = await kept(world, berg), f"/merchants/{lind.id}"
    read = [
        (await office.ask("GET", f"{here}{path}"))
        for path in (f"/products/{row}", f"/log?product={row}", f"/support?product={row}")
    ]
    wishes: list[tuple[str, dict[str, Any]]] = [
        ("/sync", {"product": row}),
        ("/retry", {"support_id": f"id-{berg.id}-cup"}),
        ("/replay", {"id": webhook}),
        ("/erase", {"confirm": BERG.name}),
    ]
    acted = {path: await office.ask("POST", f"{here}{path}", json=body) for path, body in wishes}
    async with world.database.read() as tx:
        theirs = await waiting_work.counts(tx, berg.id)
        stuck = await waiting_work.parked(tx, berg.id)

    assert 404 == read[0].status_code
    assert [] == read[1].json()["lines"]
    assert (None, []) == (read[2].json()["product"]["library"], read[2].json()["lines"])
    assert "Bok" not in "".join(one.text for one in read)
    assert [404, 200, 200, 409] == [one.status_code for one in acted.values()]
    assert {"retried": {}} == acted["/retry"].json()
    assert {"webhooks": 0, "work": 0} == acted["/replay"].json()
    assert ({}, 1) == (dict(theirs), len(stuck))
    assert NOON.replace(year=2030) == stuck[0].next_try


# ---- What is shown -------------------------------------------------------------------------------


async def test_no_line_of_the_log_tells_an_operator_a_price(office: Office) -> None:
    """Nor does the support bundle tell what a platform quoted in its refusal."""
    connection = await office.world.running()
    values = {"name": "Mugg", "shop": "249.5", "till": "199.5", "was": "249.5", "now": "199.5"}
    refused = "POST /stores/abc/v3/catalog/products: 422 The SKU `MUGG-77` is not unique"
    lines = [
        Line(Code.DRIFT, Topic.PRODUCT, params={**values, "field": "price"}),
        Line(Code.VALUE_OVERWRITTEN, Topic.PRODUCT, params={**values, "field": "price"}),
        Line(Code.DRIFT, Topic.PRODUCT, params={**values, "field": "name", "till": "Kopp"}),
        Line(Code.FIELD_REFUSED, Topic.PRODUCT, params={"field": "sku", "reason": refused}),
    ]
    async with office.world.database.transaction() as tx:
        await synclog.add(tx, connection.id, lines, NOON)
    operator, here = await office.signed_in(READS), f"/merchants/{connection.id}"
    page = (await operator.open(f"/operator{here}")).text
    log = (await office.ask("GET", f"{here}/log", READS)).text
    bundle = await office.ask("GET", f"{here}/support", READS)

    for text in (page, log):
        assert not re.search(r"199[.,]5|249[.,]5[^,]{0,20}Zettle", text)
        assert "Kopp" in text
    assert "MUGG-77" not in bundle.text
    assert ["422"] == [
        one["params"]["reason"] for one in bundle.json()["lines"] if "reason" in one["params"]
    ]
