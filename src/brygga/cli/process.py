"""What commands share: settings from the environment, the database, and an orderly end.

The service itself is not loaded here: most commands need the database only, and answer at once.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from brygga import settings as configuration
from brygga.database.embedded import Server, embedded
from brygga.database.engine import Database, DatabaseBusy, DatabaseGone, DatabaseUnfit
from brygga.database.neighbours import present
from brygga.database.sealing import SealBroken, Sealer
from brygga.database.server_files import EmbeddedFailed
from brygga.settings import Settings, SettingsWrong


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings with the address of a database."""

    settings: Settings
    server: Server | None = None
    """Set where the database is the embedded one."""
    alone: bool = False
    """No other process uses the embedded database: a lease left by an earlier process is free."""

    @property
    def database_url(self) -> str:
        assert self.settings.database_url is not None
        return self.settings.database_url

    @property
    def own_settings(self) -> Settings:
        """As the operator wrote them: without the embedded database's address."""
        return replace(self.settings, database_url=None) if self.server else self.settings

    def database(self) -> Database:
        """The caller closes it."""
        return Database.at(
            self.database_url,
            Sealer(self.settings.secret_keys),
            self.settings.database_connections,
            direct_url=self.settings.database_direct_url,
        )


def run(work: Callable[[Runtime], Awaitable[int]]) -> int:
    """Runs a command on its runtime. Each error that an operator has to fix is one line, and the
    exit code is 1. From the main thread only.
    """
    try:
        with runtime(configuration.read(os.environ)) as opened:
            return asyncio.run(until_ended(work, opened))
    except SettingsWrong as wrong:
        return _say(*wrong.problems)
    except SealBroken as broken:
        return _say(f"{broken}; BRYGGA_SECRET_KEYS must still hold that key")
    except (DatabaseGone, DatabaseBusy, DatabaseUnfit, EmbeddedFailed) as gone:
        return _say(str(gone))


def _say(*lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return 1


@contextlib.contextmanager
def runtime(settings: Settings) -> Iterator[Runtime]:
    """With the embedded database, where the settings name no other. From the main thread only."""
    if settings.database_url is not None:
        yield Runtime(settings)
        return
    with embedded(settings.data_dir) as server, present(settings.data_dir) as alone:
        yield Runtime(replace(settings, database_url=server.url), server, alone and server.owned)


async def until_ended(work: Callable[[Runtime], Awaitable[int]], runtime: Runtime) -> int:
    """Ends when the work ends, or when the embedded server does."""
    task = asyncio.ensure_future(work(runtime))
    if runtime.server is None:
        return await task
    gone = asyncio.ensure_future(runtime.server.gone())
    await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        gone.cancel()
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return _say(gone.result())


def endings() -> tuple[signal.Signals, ...]:
    """The signals that end us in an orderly way: Ctrl-C, TERM, and a terminal that closes, unless
    nohup makes us ignore that.
    """
    received = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if received else ()))


@contextlib.contextmanager
def interrupted() -> Iterator[None]:
    """While no other handler is installed, signals that would end the process at once raise
    KeyboardInterrupt, as Ctrl-C does: what was opened is closed.
    """

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in endings()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def stopping() -> Iterator[asyncio.Event]:
    """An event that the usual signals set, so that running work can finish."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = endings()
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
