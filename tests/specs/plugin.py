"""Holds the traffic of a whole test run against the OpenAPI files, where BRYGGA_SPECS says where they are.

Every request that reaches a sandbox in this process passes its table of routes; there it is seen, in memory and over sockets alike. At the
end the run fails when anything did not fit.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from brygga.sandbox.http import Request, Response, Router
from tests.specs.slips import REFUSED_ON_PURPOSE
from tests.specs.validator import Answered, Asked, Tally, Validator

FOLDER = "BRYGGA_SPECS"
WATCHED = pytest.StashKey["Watch"]()


class Watch:
    """Sees every exchange; `tally` has what this process saw and what others reported."""

    def __init__(self, folder: Path) -> None:
        self.validator = Validator(folder)
        self.tally = Tally()
        self._dispatch = Router.dispatch

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

    def stop(self) -> None:
        Router.dispatch = self._dispatch  # type: ignore[method-assign]

    def saw(self, request: Request, response: Response | None) -> None:
        """Check one exchange, in the name of the test that runs."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        if request.path.startswith("/sandbox") or named(test) in REFUSED_ON_PURPOSE:
            return
        asked = Asked(request.method, request.path, tuple(request.query), request.headers, request.body)
        self.validator.check(asked, answered(response) if response else None, test)

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
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[FOLDER] = watch.validator.tally.portable()
    elif watch.total().violations and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of a parallel run has ended: what it saw counts too."""
    watch = node.config.stash.get(WATCHED, None)
    seen = getattr(node, "workeroutput", {}).get(FOLDER)
    if watch is not None and seen is not None:
        watch.tally.add(seen)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    watch = config.stash.get(WATCHED, None)
    if watch is None or hasattr(config, "workeroutput"):
        return
    total = watch.total()
    slips = sum(total.slips.values())
    terminalreporter.section("held against the OpenAPI files")
    terminalreporter.write_line(
        f"{total.requests} requests of the service ({len(total.operations)} operations) and {total.answers} answers of the sandbox checked "
        f"({total.unread} faults on purpose left out); {slips} times one of {len(total.slips)} known slips of the files; "
        f"{len(total.violations)} kinds of violation"
    )
    for finding, tests in sorted(total.violations.items()):
        terminalreporter.write_line(f"  {finding}\n      in {', '.join(tests) or 'no test'}")
