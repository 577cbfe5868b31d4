"""Holds the traffic of a whole test run against the OpenAPI files, where BRYGGA_SPECS says where
they are.

Every request that reaches a sandbox in this process passes its table of routes; there it is seen,
in memory and over sockets alike. A process that a test starts (the demo of a real browser's day,
the command) writes down what its sandbox hears (`child/`), which is checked at the end. Then the
run fails when anything did not fit.
"""

import base64
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from brygga_sandbox.http import Request, Response, Router
from sandbox_tests.specs.slips import REFUSED_ON_PURPOSE
from sandbox_tests.specs.validator import Answered, Asked, Tally, Validator

FOLDER = "BRYGGA_SPECS"
RECORDED = "BRYGGA_SPECS_RECORDED"
CHILD = Path(__file__).parent / "child"
WATCHED = pytest.StashKey["Watch"]()


class Watch:
    """Sees every exchange; `tally` has what this process saw and what others reported."""

    def __init__(self, folder: Path) -> None:
        self.validator = Validator(folder)
        self.tally = Tally()
        self.elsewhere = 0
        """How many of the answers came from processes that tests started."""
        self._dispatch = getattr(Router, "unrecorded", Router.dispatch)
        self._recorded = Path(tempfile.mkdtemp(prefix="brygga-heard-"))
        self._before = {name: os.environ.get(name) for name in (RECORDED, "PYTHONPATH")}

    def start(self) -> None:
        watch, dispatch = self, self._dispatch

        async def watched(router: Router, request: Request) -> Response:
            try:
                response = await dispatch(router, request)
            except Exception:
                watch.saw(request, None)
                raise
            watch.saw(request, response)
            return response

        Router.dispatch = watched  # type: ignore[method-assign, assignment]
        os.environ[RECORDED] = str(self._recorded)
        os.environ["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(CHILD), self._before["PYTHONPATH"]))
        )

    def stop(self) -> None:
        Router.dispatch = self._dispatch  # type: ignore[method-assign]
        for name, value in self._before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        shutil.rmtree(self._recorded, ignore_errors=True)

    def saw(self, request: Request, response: Response | None) -> None:
        """Check one exchange, in the name of the test that runs."""
        asked = Asked(
            request.method, request.path, tuple(request.query), request.headers, request.body
        )
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        if response and response.is_fault:
            self.validator.tally.unread += 1
        self.check(asked, answered(response) if response and not response.is_fault else None, test)

    def check(self, asked: Asked, answer: Answered | None, test: str) -> None:
        """Check one exchange, unless it is no platform's or was meant to be wrong."""
        if not asked.path.startswith("/sandbox") and named(test) not in REFUSED_ON_PURPOSE:
            self.validator.check(asked, answer, test)

    def read(self) -> None:
        """Check what other processes heard, once."""
        before = self.validator.tally.answers
        for paper in sorted(self._recorded.glob("*.jsonl")):
            for line in paper.read_text().splitlines():
                self.check(*exchange(json.loads(line)))
            paper.unlink()
        self.elsewhere += self.validator.tally.answers - before

    def total(self) -> Tally:
        """All processes together."""
        total = Tally()
        for tally in (self.validator.tally, self.tally):
            total.add(tally.portable())
        return total


def named(test: str) -> str:
    """The name of a test's function."""
    return test.rpartition("::")[2].partition("[")[0]


def answered(response: Response) -> Answered:
    kind = next((value for name, value in response.headers if name.lower() == "content-type"), "")
    return Answered(response.status, kind.partition(";")[0].strip(), response.body)


def exchange(line: dict[str, Any]) -> tuple[Asked, Answered | None, str]:
    """One line of what another process wrote down."""
    said, given = line["asked"], line["answered"]
    query = tuple((name, value) for name, value in said["query"])
    asked = Asked(
        said["method"], said["path"], query, said["headers"], base64.b64decode(said["body"])
    )
    if given is None:
        return asked, None, line["test"]
    headers = [(name, value) for name, value in given["headers"]]
    return (
        asked,
        answered(Response(given["status"], base64.b64decode(given["body"]), headers)),
        line["test"],
    )


def pytest_configure(config: pytest.Config) -> None:
    if folder := os.environ.get(FOLDER):
        watch = config.stash[WATCHED] = Watch(Path(folder))
        watch.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if watch := config.stash.get(WATCHED, None):
        watch.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    watch = session.config.stash.get(WATCHED, None)
    if watch is None:
        return
    watch.read()
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[FOLDER] = watch.validator.tally.portable()
        output[RECORDED] = watch.elsewhere
    elif watch.total().violations and session.exitstatus in {
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    }:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of a parallel run has ended: what it saw counts too."""
    watch = node.config.stash.get(WATCHED, None)
    seen = getattr(node, "workeroutput", {}).get(FOLDER)
    if watch is not None and seen is not None:
        watch.tally.add(seen)
        watch.elsewhere += node.workeroutput[RECORDED]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    watch = config.stash.get(WATCHED, None)
    if watch is None or hasattr(config, "workeroutput"):
        return
    total = watch.total()
    slips = sum(total.slips.values())
    terminalreporter.section("held against the OpenAPI files")
    terminalreporter.write_line(
        f"{total.requests} requests of the service ({len(total.operations)} operations) and "
        f"{total.answers} answers of the sandbox "
        f"checked, {watch.elsewhere} of them in processes that tests started ({total.unread} "
        "faults on purpose left out); "
        f"{slips} times one of {len(total.slips)} known slips of the files; "
        f"{len(total.violations)} kinds of violation"
    )
    for finding, tests in sorted(total.violations.items()):
        terminalreporter.write_line(f"  {finding}\n      in {', '.join(tests) or 'no test'}")
