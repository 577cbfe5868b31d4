"""No body is read before somebody asks for it, and none beyond its bounds."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import pytest
from litestar.types import Message
from structlog.testing import capture_logs
from tests.web.conftest import World
from tests.web.webhooks import listening

from brygga.web import bodies
from brygga.web.bodies import Bounds

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
TOKEN = re.compile(r'name="_csrf_token" value="(\w+)"')


class Sender:
    """A client below HTTP: it sends the chunks, and then what `then` says. `asked` counts reads."""

    def __init__(self, chunks: Sequence[bytes] = (), then: str = "end") -> None:
        self.chunks, self.then, self.asked = list(chunks), then, 0
        self.status = 0
        self.body = b""

    async def receive(self) -> Any:
        self.asked += 1
        if self.chunks:
            chunk = self.chunks.pop(0)
            return {
                "type": "http.request",
                "body": chunk,
                "more_body": bool(self.chunks) or self.then != "end",
            }
        if self.then == "silence":
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message["body"]


async def ask(world: World, method: str, path: str, sender: Sender, **headers: str) -> Sender:
    headers = {"host": "brygga.example", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": raw,
        "client": ("127.0.0.1", 5000),
        "server": ("brygga.example", 443),
        "state": {},
    }
    await world.app(scope, sender.receive, sender.send)
    return sender


async def merchant(world: World) -> dict[str, str]:
    """The headers of a signed-in browser whose form has its token."""
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    token = TOKEN.search((await browser.open("/help")).text)
    assert token is not None
    cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar)
    return {"cookie": cookies, "x_csrftoken": token[1]}


def refused(world: World) -> dict[str, float]:
    found = world.app.state.metrics.refused.collect()[0].samples
    return {one.labels["why"]: one.value for one in found if one.name.endswith("_total")}


@pytest.mark.parametrize("path", ["/", "/help", "/library", "/sign-in", "/sign-in/zettle"])
async def test_the_body_of_a_get_is_never_read(world: World, path: str) -> None:
    sender = await ask(world, "GET", path, Sender([b"a=1&" * 1000] * 9), content_type=FORM)

    assert 0 == sender.asked
    assert sender.status in {200, 302, 303}


@pytest.mark.parametrize("kind", [FORM, MULTIPART, "application/json", ""])
@pytest.mark.parametrize("path", ["/library/new", "/library/assign", "/sign-out", "/support"])
async def test_nothing_is_read_from_who_is_not_signed_in(
    world: World, path: str, kind: str
) -> None:
    sender = await ask(world, "POST", path, Sender([b"x" * 1000] * 9), content_type=kind)

    assert (303, 0) == (sender.status, sender.asked)


async def test_nothing_is_read_from_a_form_of_another_site(world: World) -> None:
    headers = await merchant(world)
    sender = await ask(
        world, "POST", "/support", Sender([b"x"]), **headers, sec_fetch_site="cross-site"
    )

    assert (403, 0) == (sender.status, sender.asked)


@pytest.mark.parametrize("platform", ["zettle", "bigcommerce"])
async def test_nothing_is_read_at_an_address_that_is_nobodys(world: World, platform: str) -> None:
    sender = await ask(world, "POST", f"/hooks/{platform}/nobody", Sender([b"x" * 1000] * 9))

    assert (404, 0) == (sender.status, sender.asked)


async def test_a_store_s_message_without_our_secret_is_not_read(world: World) -> None:
    connection = await listening(world)
    path = f"/hooks/bigcommerce/{connection.hook_key}"
    sender = await ask(world, "POST", path, Sender([b"{}"]), x_brygga_secret="theirs")

    assert (401, 0) == (sender.status, sender.asked)


@pytest.mark.parametrize(
    ("path", "kind", "chunk", "most"),
    [
        ("/support", FORM, b"a" * 64_000, 5),
        ("/support", MULTIPART, b"a" * 64_000, 5),
        ("/library/new", FORM, b"a" * 64_000, 5),
        ("/library/new", "application/json", b"a" * 64_000, 5),
        ("/library/new", MULTIPART, b"a" * 1_000_000, 53),
    ],
)
async def test_a_body_is_counted_as_it_comes(
    world: World, path: str, kind: str, chunk: bytes, most: int
) -> None:
    headers = await merchant(world)
    start = b'--x\r\ncontent-disposition: form-data; name="picture"; filename="a"\r\n\r\n'
    chunks = [start, *[chunk] * 200] if kind == MULTIPART else [chunk] * 200
    sender = await ask(world, "POST", path, Sender(chunks), **headers, content_type=kind)

    if kind == "application/json":
        # No form of ours: nothing of it is read, and what the page misses it says.
        assert (200, 0) == (sender.status, sender.asked)
        return
    assert (413, {"body_large": 1.0}) == (sender.status, refused(world))
    assert sender.asked <= most


async def test_an_announced_length_beyond_the_bound_is_not_waited_for(world: World) -> None:
    headers = await merchant(world)
    length = str(bodies.PICTURES.largest + 1)
    sent = Sender([b"--x"])
    await ask(
        world,
        "POST",
        "/library/new",
        sent,
        **headers,
        content_type=MULTIPART,
        content_length=length,
    )

    assert (413, 0) == (sent.status, sent.asked)


@pytest.mark.parametrize(("fields", "status"), [(2_000, 303), (2_001, 413)])
async def test_a_form_has_two_thousand_fields_at_most(
    world: World, fields: int, status: int
) -> None:
    headers = await merchant(world)
    sender = await ask(
        world,
        "POST",
        "/support",
        Sender([b"&".join([b"a=1"] * fields)]),
        **headers,
        content_type=FORM,
    )

    assert status == sender.status


async def test_the_texts_beside_pictures_have_the_bounds_of_a_form(world: World) -> None:
    headers = await merchant(world)
    text = (
        b'--x\r\ncontent-disposition: form-data; name="name"\r\n\r\n'
        + b"a" * 300_000
        + b"\r\n--x--\r\n"
    )
    sender = await ask(
        world, "POST", "/library/new", Sender([text]), **headers, content_type=MULTIPART
    )

    assert 413 == sender.status


@pytest.mark.parametrize("path", ["/support", "/library/new", "hook"])
async def test_a_body_that_does_not_come_is_408(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    connection, headers = await listening(world), await merchant(world)
    for bounds in (bodies.FORM, bodies.PICTURES, bodies.HOOK):
        monkeypatch.setattr(
            bodies, "bounds_of", lambda _, bounds=bounds: Bounds(bounds.largest, 0.05, 0.2)
        )
    monkeypatch.setattr("brygga.web.forms.bounds_of", bodies.bounds_of)
    path = f"/hooks/zettle/{connection.hook_key}" if path == "hook" else path
    with capture_logs() as logs:
        sender = await ask(
            world, "POST", path, Sender([b"a=1"], "silence"), **headers, content_type=FORM
        )

    assert (408, {"body_slow": 1.0}) == (sender.status, refused(world))
    assert [("requests refused", "body_slow")] == [(line["event"], line["why"]) for line in logs]


async def test_a_body_that_drips_has_an_end_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await merchant(world)
    monkeypatch.setattr("brygga.web.forms.bounds_of", lambda _: Bounds(1000, 0.2, 0.3))

    class Dripping(Sender):
        async def receive(self) -> Any:
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"a", "more_body": True}

    assert (
        408
        == (await ask(world, "POST", "/support", Dripping(), **headers, content_type=FORM)).status
    )


@pytest.mark.parametrize("path", ["/support", "/library/new", "hook"])
async def test_a_torn_body_leaves_a_counted_line_and_nothing_else(world: World, path: str) -> None:
    connection, headers = await listening(world), await merchant(world)
    path = f"/hooks/zettle/{connection.hook_key}" if path == "hook" else path
    with capture_logs() as logs:
        for kind in (FORM, MULTIPART):
            sender = await ask(
                world, "POST", path, Sender([b"--x\r\nco"], "hang up"), **headers, content_type=kind
            )

            assert 400 == sender.status
    assert {"body_torn": 2.0} == refused(world)
    assert [("requests refused", "body_torn", 1)] == [
        (line["event"], line["why"], line["count"]) for line in logs
    ]
    assert not any("exc_info" in line for line in logs)


DISPOSITION = b'content-disposition: form-data; name="a"\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=", b"--x--"),
        (f"multipart/form-data; boundary={'x' * 71}", b"--x--"),
        (MULTIPART, b""),
        (MULTIPART, b"nothing"),
        (MULTIPART, b"--x\r\n\r\n\r\n--x--\r\n"),
        (MULTIPART, b"--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        (
            MULTIPART,
            b"--x\r\n"
            + DISPOSITION
            + b"content-type: text/plain; charset=none\r\n\r\n1\r\n--x--\r\n",
        ),
        (MULTIPART, b"--x\r\n" + DISPOSITION + b"\r\n\xff\xfe\r\n--x--\r\n"),
        (MULTIPART, b"--x\r\n" + DISPOSITION * 100 + b"\r\n1\r\n--x--\r\n"),
        (MULTIPART, b"--x\r\n" + b"a" * 100_000 + b"\r\n\r\n1\r\n--x--\r\n"),
        (MULTIPART, (b"--x\r\n" + DISPOSITION + b"\r\n1\r\n") * 2_500 + b"--x--\r\n"),
    ],
)
async def test_what_is_no_form_is_refused_without_a_fault(
    world: World, kind: str, body: bytes
) -> None:
    headers = {**await merchant(world), "content_type": kind}
    headers.pop("x_csrftoken")
    with capture_logs() as logs:
        sender = await ask(world, "POST", "/support", Sender([body]), **headers)

    assert sender.status in {400, 403, 413}
    assert [] == [line for line in logs if line["event"] == "page failed"]


@pytest.mark.parametrize("length", ["x", "-1", "1_0", "9" * 40])
async def test_a_length_that_is_none_is_refused(world: World, length: str) -> None:
    headers = await merchant(world)
    sender = await ask(
        world,
        "POST",
        "/support",
        Sender([b"a=1"]),
        **headers,
        content_type=FORM,
        content_length=length,
    )

    assert sender.status in {400, 413}


async def test_a_form_is_parsed_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await merchant(world)
    parsed: list[bytes] = []
    inner = bodies._fields

    def counting(body: bytes) -> Any:
        parsed.append(body)
        return inner(body)

    monkeypatch.setattr(bodies, "_fields", counting)
    sender = await ask(
        world, "POST", "/support", Sender([b"product="]), **headers, content_type=FORM
    )

    assert (303, [b"product="]) == (sender.status, parsed)


async def test_a_flood_leaves_one_line_in_a_minute(world: World) -> None:
    headers = await merchant(world)
    with capture_logs() as logs:
        for _ in range(20):
            await ask(
                world,
                "POST",
                "/support",
                Sender([b"--x\r\nco"], "hang up"),
                **headers,
                content_type=FORM,
            )
        world.clock.move(61)
        await ask(
            world,
            "POST",
            "/support",
            Sender([b"--x\r\nco"], "hang up"),
            **headers,
            content_type=FORM,
        )

    assert [1, 20] == [line["count"] for line in logs]
    assert {"body_torn": 21.0} == refused(world)
