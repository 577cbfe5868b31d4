"""A recorded session is played again, and the first difference is reported."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from brygga_sandbox.clock import ManualClock, MovableClock, SteppedClock
from brygga_sandbox.commands import replay
from brygga_sandbox.http import AsgiApp, Request, Response
from brygga_sandbox.recording import (
    NotARecording,
    Recorder,
    Recordings,
    events_of,
    lines_of,
    packed,
    unpacked,
)
from brygga_sandbox.replaying import first_difference, replayed
from brygga_sandbox.sandbox import Plan, Sandbox
from brygga_sandbox.server import SandboxServer

JSON = dict[str, Any]
HOST = "service.test"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(Plan(products=3, drawings=False), ManualClock())
    await made.furnish()
    yield made
    await made.stop()


async def session(sandbox: Sandbox) -> list[JSON]:
    """Requests of an app, acts by control addresses, webhooks that fail first, a fault, a picture,
    calls side by side, and time.
    """
    answers = [503, 200]

    async def receive(request: Request) -> Response:
        return Response(answers.pop(0) if answers else 200)

    events: list[JSON] = []
    transport = sandbox.transport({HOST: AsgiApp(receive)})
    shop, till = sandbox.plan.bigcommerce_url, sandbox.plan.zettle_url
    token = {"X-Auth-Token": sandbox.store_token()}
    recorder = Recorder(sandbox, events.append)
    async with httpx2.AsyncClient(transport=transport, headers=token) as client:
        picture = sandbox.merchant.organization.products
        image = json.loads(next(iter(picture.values())).body)["presentation"]["imageUrl"]
        hook = {"scope": "store/product/*", "destination": f"https://{HOST}/hook"}
        assert (await client.post(f"{sandbox.api()}/v3/hooks", json=hook)).status_code == 200
        cup = {"name": "Kopp", "type": "physical", "weight": 1, "price": 2, "categories": []}
        pictured = {**cup, "images": [{"image_url": image}]}
        made = await client.post(f"{sandbox.api()}/v3/catalog/products", json=pictured)
        assert made.status_code == 200, made.text
        await sandbox.idle()
        await client.post(f"{till}/sandbox/clock", json={"seconds": 100})
        fault = {"kind": "cut_after", "next": 1, "method": "GET"}
        await client.post(f"{shop}/sandbox/faults", json=fault)
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(f"{sandbox.api()}/v2/store")
        trees = f"{sandbox.api()}/v3/catalog/trees/1/categories"
        await asyncio.gather(*(client.get(trees) for _ in range(3)))
        await sandbox.idle()
    recorder.stop()
    return events


async def test_a_session_that_is_played_again_is_the_same(sandbox: Sandbox) -> None:
    events = await session(sandbox)
    kinds = [event["kind"] for event in events]

    played = await replayed(events_of(lines_of(events)))
    assert played.difference is None
    assert (played.requests, played.messages) == (9, kinds.count("sent"))
    assert kinds.count("sent") >= 3
    assert "broken" in lines_of(events).decode()


@pytest.mark.parametrize(
    ("kind", "change", "reported"),
    [
        ("answered", {"status": 418}, "differs at status"),
        ("sent", {"url": "https://other.test/"}, "differs at url"),
        ("sent", {"body": '{"scope": "store/other"}'}, "differs at body.scope"),
    ],
)
async def test_the_first_difference_is_told(
    sandbox: Sandbox, kind: str, change: JSON, reported: str
) -> None:
    events = await session(sandbox)
    where = next(
        number
        for number, event in enumerate(events)
        if event["kind"] == kind and (kind == "answered" or event["how"] == "carry")
    )
    events[where] |= change

    played = await replayed(events)
    assert played.difference is not None
    assert played.difference.event == where + 1
    assert reported in str(played.difference)


async def test_a_message_more_or_less_is_a_difference(sandbox: Sandbox) -> None:
    events = await session(sandbox)
    last = max(event["call"] for event in events if event["kind"] == "sent")
    fewer = [event for event in events if event.get("call") != last]
    more = [*events, {**next(e for e in events if e["kind"] == "sent"), "call": 1000}]

    for changed, recorded in ((fewer, "nothing"), (more, '"kind":"sent"')):
        played = await replayed(changed)
        assert played.difference is not None
        assert recorded in str(played.difference)


async def test_a_clock_that_runs_is_not_recorded() -> None:
    made = Sandbox(Plan(products=0), MovableClock())
    with pytest.raises(ValueError, match="--record"):
        Recorder(made, print)
    await made.stop()


@pytest.mark.parametrize("data", [b"", b"{}", b"no", b'{"kind":"started","version":99}'])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(NotARecording):
        events_of(data)


@pytest.mark.parametrize(
    ("recorded", "now", "where"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b"),
        ({"a": 1}, {"a": 1, "c": 2}, "c"),
        ([1, 2], [1], "[1]"),
        (1, True, ""),
    ],
)
def test_a_difference_is_found_where_it_is(recorded: Any, now: Any, where: str) -> None:
    found = first_difference(recorded, now)
    assert found is not None
    assert found[0] == where


def test_bytes_that_are_no_text_are_kept() -> None:
    assert [unpacked(packed(data)) for data in (b"", b"abc", b"\xff\0")] == [b"", b"abc", b"\xff\0"]


# ---- Of a running sandbox ------------------------------------------------------------------------


async def test_a_recording_is_started_and_ended_over_http() -> None:
    server = SandboxServer(Plan(products=2, drawings=False), ManualClock())
    sandbox = await server.start()
    place = f"{sandbox.plan.zettle_url}/sandbox/recording"
    async with httpx2.AsyncClient() as client:
        assert (await client.post(place)).status_code == 204
        sku = json.loads(next(iter(sandbox.merchant.organization.products.values())).body)
        row = {"variant_uuid": sku["variants"][0]["uuid"]}
        await client.post(f"{sandbox.plan.zettle_url}/sandbox/sell", json=row)
        assert (await client.delete(place)).status_code == 204
        await client.get(f"{sandbox.plan.zettle_url}/till")
        events = events_of((await client.get(place)).content)
    await server.stop()

    assert [event["kind"] for event in events] == ["started", "asked", "answered"]
    assert (await replayed(events)).difference is None


async def test_a_clock_in_steps_runs_and_can_be_moved() -> None:
    clock = SteppedClock()
    began = clock.now()
    running = asyncio.create_task(clock.run(0.001))
    await clock.advance(100)
    await asyncio.sleep(0.05)
    running.cancel()

    assert 100 < clock.now() - began < 160


async def test_the_command_records_and_plays(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "session.jsonl"
    words = ["--products", "1", "--port-base", "0", "--json", "--record", str(file)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "brygga_sandbox", *words, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    reported = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    headers = {"X-Auth-Token": reported["other_tool"]["bigcommerce_token"]}
    async with httpx2.AsyncClient(headers=headers) as client:
        for _ in range(3):
            await client.get(f"{reported['bigcommerce']['api']}/v3/catalog/products")
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 60) == 0

    ask = argparse.Namespace(file=file)
    assert await asyncio.to_thread(replay.run, ask) == 0
    assert capsys.readouterr().out == "3 answers and 0 messages are the same\n"

    events = events_of(file.read_bytes())
    events[-1]["status"] = 500
    file.write_bytes(lines_of(events))
    assert await asyncio.to_thread(replay.run, ask) == 1
    assert "/v3/catalog/products: differs at status" in capsys.readouterr().out
    file.write_text("no")
    assert await asyncio.to_thread(replay.run, ask) == 2


async def test_only_one_recording_runs_at_a_time(sandbox: Sandbox) -> None:
    recordings = Recordings(sandbox)
    plain = sandbox.zettle.app.dispatch
    recordings.begin()
    recordings.begin()
    recordings.end()

    assert sandbox.zettle.app.dispatch == plain
