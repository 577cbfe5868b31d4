"""The commands that bring a whole house along, and what becomes of it when something is in its
way.
"""

import asyncio
import socket
from typing import cast

import pytest

from brygga.cli import commands, serve, serving
from brygga.wiring import Service


def test_a_port_that_is_taken_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with serve.listen("127.0.0.1", 0) as taken:
        port = min(taken.getsockname()[1], 65_533)
        code = commands.run(["check", "--port-base", str(port)])

    (line,) = capsys.readouterr().err.splitlines()
    assert (1, True) == (code, f"port {port}" in line and "--port-base" in line)


def test_a_check_that_cannot_come_to_its_end_is_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An empty library has nothing to sell: the changes cannot be made."""
    code = commands.run(["check", "--empty"])

    (line,) = capsys.readouterr().err.splitlines()
    assert (1, True) == (code, "no tracked simple product" in line)


@pytest.mark.parametrize(
    ("host", "begins"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")]
)
def test_serve_listens_where_it_says(host: str, begins: str) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with serve.listen(host, 0) as door:
        assert serve.address(door).startswith(begins)
        assert not serve.address(door).endswith(":0")


async def test_a_worker_that_falls_ends_the_process_and_not_only_the_work() -> None:
    class Falling:
        worker: "Falling"

        async def run(self, stop: asyncio.Event) -> None:
            raise RuntimeError("a bug of ours")

    service = Falling()
    service.worker = service
    stop = asyncio.Event()

    with pytest.raises(RuntimeError, match="a bug of ours"):
        async with serving.working(cast("Service", service), stop):
            await asyncio.wait_for(stop.wait(), 5)
