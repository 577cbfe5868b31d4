"""What a run of the service writes to its log, as an operator reads it, searched for every secret
that this run knows.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pytest
import structlog
from structlog.typing import EventDict

from brygga.cli.logs import CHATTY, MaskedFormatter, masked
from brygga.database import (
    alert_settings,
    connections,
    erasing,
    hook_keys,
    oauth_states,
    operator_sessions,
    sessions,
)
from brygga.database.engine import Database
from brygga.database.sealing import Sealer
from brygga_sandbox.sandbox import Sandbox

SECRET: Final = 12
HASHING: Final = (
    (alert_settings, "hashed"),
    (erasing, "_hashed"),
    (hook_keys, "hashed"),
    (oauth_states, "_hashed"),
    (operator_sessions, "_hashed"),
    (sessions, "_hashed"),
)


class _Lines(logging.Handler):
    """Lines of the packages that we use."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines
        self.setFormatter(MaskedFormatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in CHATTY and record.levelno < logging.WARNING:
            return  # `cli.logs` leaves them out; the tests' own browsers write them too
        self.lines.append(self.format(record))


@contextlib.contextmanager
def recorded() -> Iterator[list[str]]:
    """The lines of the block, of every level, through the processors of `cli.logs`."""
    lines: list[str] = []
    before, root, handler = structlog.get_config(), logging.getLogger(), _Lines(lines)

    def keep(_: Any, __: str, line: EventDict) -> EventDict:
        lines.append(repr(line))
        raise structlog.DropEvent

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            masked,
            keep,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        structlog.configure(**before)


@contextlib.contextmanager
def log_lines() -> Iterator[list[str]]:
    """The same beside whatever else becomes of the lines: who reads them finds them as ever."""
    lines: list[str] = []
    root, handler = logging.getLogger(), _Lines(lines)
    add = structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, masked

    def note(logger: Any, name: str, line: EventDict) -> EventDict:
        copied: Any = dict(line)
        for step in add:
            copied = step(logger, name, copied)
        lines.append(repr(copied))
        return line

    structlog.configure(processors=[note, *structlog.get_config()["processors"]])
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)


@contextlib.contextmanager
def secrets_kept() -> Iterator[set[str]]:
    """Whatever is sealed or kept as a hash in the block: tokens, signing keys, keys of webhook
    addresses, ids of sessions, states, tickets. Short ones are a client's inventions.
    """
    found: set[str] = set()

    def noted(function: Callable[..., bytes], at: int) -> Callable[..., bytes]:
        def noting(*args: Any) -> bytes:
            text = args[at]
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            if len(text) >= SECRET:
                found.add(text)
            return function(*args)

        return noting

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sealer, "seal", noted(Sealer.seal, 1))
        for module, name in HASHING:
            patched.setattr(module, name, noted(getattr(module, name), 0))
        yield found


async def secrets_of(sandbox: Sandbox, database: Database) -> set[str]:
    """Everything that opens something: secrets of the app, tokens of both platforms, signing keys,
    keys of webhook addresses.
    """
    app, zettle = sandbox.plan.connector, sandbox.zettle.core
    found = {app.zettle_client_secret, app.bigcommerce_client_secret}
    found |= {*zettle.access_tokens, *zettle.refresh_tokens, *sandbox.bigcommerce.apps.grants}
    for organization in zettle.organizations.values():
        for one in organization.subscriptions.values():
            found |= {one.signing_key, one.destination.rpartition("/")[2]}
    for hooks in sandbox.bigcommerce.hooks.values():
        for hook in hooks.all.values():
            found |= {hook.destination.rpartition("/")[2], *hook.headers.values()}
    async with database.read() as tx:
        found |= {connection.hook_key for connection in await connections.active(tx)}
    return found - {""}


def told(lines: Sequence[str], secrets: set[str]) -> list[str]:
    """The lines that tell a secret. A long run has very many: they are searched as one text."""
    text = "\n".join(lines)
    found = [secret for secret in secrets if secret in text]
    return [line for line in lines if any(secret in line for secret in found)] if found else []
