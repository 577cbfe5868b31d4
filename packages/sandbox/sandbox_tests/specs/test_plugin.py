"""A run in which something did not fit the files fails, and says what; in one process and in
several.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox_tests.specs.plugin import FOLDER, RECORDED

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        FOLDER not in os.environ, reason=f"{FOLDER} does not say where the OpenAPI files are"
    ),
]
ROOT = Path(__file__).parents[4]
PACKAGE = Path(__file__).parents[2]
EXCHANGE = """
import asyncio
from brygga_sandbox.http import Request, Router, json_response

def exchange():
    async def answer(request):
        return json_response({{"time": {time}}})

    router = Router()
    router.add("GET", "/api/stores/{{store_hash}}/v2/time", answer)
    assert asyncio.run(router.dispatch(Request("GET", "/api/stores/abc/v2/time"))).status == 200
"""
FAULT = """
import asyncio
from brygga_sandbox.http import Request, Response, Router

def exchange():
    async def answer(request):
        return Response(206, is_fault=True)

    router = Router()
    router.add("GET", "/api/stores/{store_hash}/v2/store", answer)
    assert asyncio.run(router.dispatch(Request("GET", "/api/stores/abc/v2/store"))).status == 206
"""
HERE = (
    EXCHANGE
    + """
def test_one_exchange():
    exchange()
"""
)
ELSEWHERE = """
import subprocess, sys

def test_one_exchange():
    subprocess.run([sys.executable, "-c", CODE], check=True)
"""


def run(folder: Path, code: str, *more: str) -> tuple[int, str]:
    """The exit code of a run of one test that passes, and what it printed. Only one of the files is
    read.
    """
    (folder / "test_it.py").write_text(code)
    specs = folder / "specs"
    specs.mkdir(exist_ok=True)
    shutil.copy(Path(os.environ[FOLDER], "bigcommerce", "store_information.v2.yml"), specs)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "sandbox_tests.specs.plugin",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    # What goes wrong in there on purpose is not for the plugin of the run out here.
    env = {name: value for name, value in os.environ.items() if name != RECORDED}
    env |= {
        FOLDER: str(specs),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE), env.get("PYTHONPATH")))),
    }  # the plugins of others take seconds to load
    done = subprocess.run(
        [*command, *more, str(folder)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_run_whose_exchanges_fit_passes(tmp_path: Path) -> None:
    code, printed = run(tmp_path, HERE.format(time="1"))

    assert code == 0
    assert "1 passed" in printed
    assert "1 answers of the sandbox checked, 0 of them" in printed
    assert "0 kinds of violation" in printed


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two"])
def test_a_violation_fails_a_run_in_which_every_test_passes(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    code, printed = run(tmp_path, HERE.format(time='"noon"'), *more)

    assert code == 1
    assert "1 passed" in printed
    assert "1 answers of the sandbox checked, 0 of them" in printed
    assert 'answer GET /v2/time 200 at time: "noon" is not of type' in printed
    assert "test_it.py::test_one_exchange" in printed


def test_a_violation_in_a_process_that_a_test_started_fails_the_run_too(tmp_path: Path) -> None:
    codes = [EXCHANGE.format(time=time) + "exchange()" for time in ("1", '"noon"')]
    good, bad = (run(tmp_path, f"CODE = {code!r}\n{ELSEWHERE}") for code in codes)

    assert (good[0], bad[0]) == (0, 1)
    assert "1 passed" in bad[1]
    assert "1 answers of the sandbox checked, 1 of them in processes that tests started" in good[1]
    assert 'answer GET /v2/time 200 at time: "noon" is not of type' in bad[1]
    assert "test_it.py::test_one_exchange" in bad[1]


def test_what_a_fault_made_of_an_answer_is_not_held_against_the_files(tmp_path: Path) -> None:
    here = run(tmp_path, FAULT + "\ndef test_one_exchange():\n    exchange()\n")
    elsewhere = run(tmp_path, f"CODE = {FAULT + 'exchange()'!r}\n{ELSEWHERE}")
    meant = run(
        tmp_path,
        FAULT.replace(", is_fault=True", "") + "\ndef test_one_exchange():\n    exchange()\n",
    )

    assert (here[0], elsewhere[0], meant[0]) == (0, 0, 1)
    assert (
        "0 answers of the sandbox checked, 0 of them in processes that tests started (1 faults"
        in here[1]
    )
    assert "0 kinds of violation" in elsewhere[1]
