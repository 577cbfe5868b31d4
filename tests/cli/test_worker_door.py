"""A worker's own port: whether it lives and can work, and its figures."""

import asyncio

import httpx2

from brygga.cli import serve, serving
from brygga.cli.process import Runtime
from brygga.cli.running import open_service
from tests.cli.test_doctor_finds import settings_at


async def test_a_worker_says_that_it_lives_and_works(database_url: str) -> None:
    door = serve.listen("127.0.0.1", 0)
    async with (
        open_service(Runtime(settings_at(database_url))) as service,
        serving.answering(service, door),
        httpx2.AsyncClient(base_url=serve.address(door)) as http,
    ):
        before = await http.get("/readyz")
        stop = asyncio.Event()
        async with serving.working(service, stop):
            for _ in range(200):
                ready = await http.get("/readyz")
                if ready.status_code == 200:
                    break
                await asyncio.sleep(0.1)
        alive, page = await http.get("/healthz"), await http.get("/apps")
        figures = (await http.get("/metrics")).text

    checks = {"database": "ok", "migrations": "ok", "queue": "ok", "worker": "stopped"}
    assert (503, checks) == (before.status_code, before.json()["checks"])
    assert {**checks, "worker": "ok"} == ready.json()["checks"]
    assert (200, 404) == (alive.status_code, page.status_code)
    assert "brygga_turn_seconds_count" in figures
    assert "brygga_turns_running 0.0" in figures
    assert "brygga_turns_max 40.0" in figures
    assert "brygga_database_connections_max 5.0" in figures
    assert "brygga_database_connections_waiting 0.0" in figures
    assert _value(figures, "brygga_tick_seconds_count") >= 1
    assert "brygga_marks_due" not in figures, "those of the database are a web process's"


def _value(figures: str, name: str) -> float:
    return next(float(line.split()[1]) for line in figures.splitlines() if name in line)


async def test_a_stranger_may_not_read_a_workers_figures(database_url: str) -> None:
    """As with the pages: unset, /metrics is open to nobody but where the operator said so."""
    settings = settings_at(database_url)
    door = serve.listen("127.0.0.1", 0)
    async with (
        open_service(Runtime(settings)) as service,
        serving.answering(service, door),
        httpx2.AsyncClient(base_url=serve.address(door)) as http,
    ):
        answer = await http.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"})

    assert 404 == answer.status_code
