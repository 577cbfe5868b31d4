"""Fixtures of pytest: a Zettle account and a BigCommerce store for each test, in a fresh state.

The first test that needs the sandbox opens it, and every test begins with the same snapshot. Other
tests import nothing of it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from brygga_sandbox.background import BigCommerceStore, Receiver, RunningSandbox, ZettleAccount

OPENED = pytest.StashKey["dict[tuple[Any, ...], tuple[RunningSandbox, bytes]]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("brygga-sandbox").addoption(
        "--sandbox-record",
        metavar="FOLDER",
        help="record the sandbox's session of each test, for `brygga-sandbox replay`",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "sandbox(**options): how the sandbox of this test is made: options of "
        'brygga_sandbox.sandbox.Plan, and clock="standing" or "running"',
    )
    config.stash[OPENED] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    for sandbox, _ in config.stash.get(OPENED, {}).values():
        sandbox.close()


@pytest.fixture(scope="session")
def sandbox_options() -> dict[str, Any]:
    """The default options of sandboxes. Override it in a conftest.py."""
    return {}


@pytest.fixture
def sandbox(
    request: pytest.FixtureRequest, sandbox_options: dict[str, Any]
) -> "Iterator[RunningSandbox]":
    """Both platforms, running, in their initial state. A clock that stands still starts at the
    machine's time.
    """
    marker = request.node.get_closest_marker("sandbox")
    options = {**sandbox_options, **(marker.kwargs if marker else {})}
    one, start = opened(request.config, options)
    one.restore(start)
    one.catch_up()
    for account, store in one.merchants:
        account.sign_in()
        store.sign_in()
    folder = request.config.getoption("--sandbox-record")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "_", request.node.nodeid)
        one.call(one.server.recordings.to_file, str(Path(folder) / f"{name}.jsonl"))
    yield one
    one.call(one.server.recordings.end)


def opened(config: pytest.Config, options: dict[str, Any]) -> "tuple[RunningSandbox, bytes]":
    """The sandbox with these options, and its initial snapshot. One for the whole session."""
    from brygga_sandbox.background import RunningSandbox  # noqa: PLC0415 - only where a test asks for it
    from brygga_sandbox.sandbox import Plan  # noqa: PLC0415

    key = tuple(sorted((name, repr(value)) for name, value in options.items()))
    there = config.stash[OPENED]
    if key not in there:
        plan = {name: value for name, value in options.items() if name != "clock"}
        made = RunningSandbox(Plan(**{"drawings": False, **plan}), options.get("clock", "standing"))
        there[key] = made, made.snapshot()
    return there[key]


@pytest.fixture
def zettle_account(sandbox: "RunningSandbox") -> "ZettleAccount":
    """The merchant's account at Zettle, with tokens of an app that may act for it."""
    return sandbox.zettle


@pytest.fixture
def bigcommerce_store(sandbox: "RunningSandbox") -> "BigCommerceStore":
    """The merchant's store at BigCommerce, with the token of an app that may act for it."""
    return sandbox.bigcommerce


@pytest.fixture
def webhook_receiver(sandbox: "RunningSandbox") -> "Iterator[Receiver]":
    """An address that takes webhooks and callbacks."""
    from brygga_sandbox.background import Receiver  # noqa: PLC0415

    made = Receiver(sandbox)
    yield made
    made.close()
