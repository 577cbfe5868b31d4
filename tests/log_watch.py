"""What a run of the service writes to its log, as an operator reads it, searched for every secret
that this run knows.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from brygga.cli.logs import MaskedFormatter, masked
from brygga.database import connections
from brygga.database.engine import Database
from brygga_sandbox.sandbox import Sandbox


class _Lines(logging.Handler):
    """Lines of the packages that we use."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines
        self.setFormatter(MaskedFormatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextlib.contextmanager
def recorded() -> Iterator[list[str]]:
    """The lines of the block, of every level, through the processors of `cli.logs`."""
    lines: list[str] = []
    before, root, handler = structlog.get_config(), logging.getLogger(), _Lines(lines)

    def keep(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
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
