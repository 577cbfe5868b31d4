"""Over a socket a client meets what it meets in memory: answers to the byte, and connections that
die.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import uvicorn

from brygga_sandbox.http import AsgiApp, Cut, Request, Response, Router, json_response


async def cut(request: Request) -> Response:
    raise Cut


async def said(request: Request) -> Response:
    return json_response(
        {"body": request.body.decode(), "query": request.query, "host": request.base_url}
    )


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A router on a loopback port of the system's choice."""
    router = Router()
    router.table([("GET", "/cut", cut), ("POST", "/said", said)])
    server = uvicorn.Server(
        uvicorn.Config(AsgiApp(router.dispatch), host="127.0.0.1", port=0, log_level="critical")
    )
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_a_cut_over_a_socket_is_a_protocol_error_too(address: str) -> None:
    """No status, no byte; and the server lives on."""
    async with httpx2.AsyncClient(base_url=address) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/cut")
        answer = await client.post("/said?a=%C3%A5&a=", content="blå".encode())

    assert answer.json() == {"body": "blå", "query": [["a", "å"], ["a", ""]], "host": address}
    assert answer.headers["content-type"] == "application/json"
