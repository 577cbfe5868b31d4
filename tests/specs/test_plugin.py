"""A run in which something did not fit the files fails, and says what; in one process and in several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.specs.plugin import FOLDER

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(FOLDER not in os.environ, reason=f"{FOLDER} does not say where the OpenAPI files are"),
]
ROOT = Path(__file__).parents[2]
EXCHANGE = """
import asyncio
from brygga.sandbox.http import Request, Router, json_response

def test_one_exchange():
    async def answer(request):
        return json_response({{"time": {time}}})

    router = Router()
    router.add("GET", "/api/stores/{{store_hash}}/v2/time", answer)
    assert asyncio.run(router.dispatch(Request("GET", "/api/stores/abc/v2/time"))).status == 200
"""


def run(folder: Path, time: str, *more: str) -> tuple[int, str]:
    """The exit code of a run of one test that passes, whose exchange is or is not as the files say; and what it printed."""
    (folder / "test_it.py").write_text(EXCHANGE.format(time=time))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.specs.plugin",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    done = subprocess.run([*command, *more, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["one process", "two"])
def test_a_violation_fails_a_run_in_which_every_test_passes(tmp_path: Path, more: tuple[str, ...]) -> None:
    good, bad = run(tmp_path, "1", *more), run(tmp_path, '"noon"', *more)

    assert (good[0], bad[0]) == (0, 1)
    assert "1 passed" in good[1]
    assert "1 passed" in bad[1]
    assert "0 kinds of violation" in good[1]
    assert 'answer GET /v2/time 200 at time: "noon" is not of type' in bad[1]
    assert "test_it.py::test_one_exchange" in bad[1]
