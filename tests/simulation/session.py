"""One session: the start, the storm, the calm, and the verdict."""

import asyncio
import contextlib
import gc
import itertools
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, NoReturn

import structlog

from brygga.wiring import handlers
from tests.simulation.acts import Acts
from tests.simulation.asking import noted
from tests.simulation.beginning import begin
from tests.simulation.day import Day
from tests.simulation.disk import Disk
from tests.simulation.fault_plan import FOR_EVER
from tests.simulation.judging import Verdict, final_check, found_by_sweep, judge, leaks
from tests.simulation.loop import run
from tests.simulation.process import MakeHandlers
from tests.simulation.script import Script


async def storm(day: Day, changes: int, script: Script) -> None:
    people = Acts(day)
    day.fault_plan.begin(day.sandbox)
    for number in itertools.count():
        if script.is_over(number, done=day.changes >= changes or number >= 3 * changes):
            break
        if script.turn(number, day.dice):
            script.note(number, await people.step())
        await asyncio.sleep(script.gap(number, day.dice))
        await people.actors.silence()
        day.check_step()
    day.fault_plan.end(day.sandbox)
    for merchant in day.connections.values():
        day.sandbox.shop(merchant).set_settings(quota=1500)
    day.tell("---- calm")
    await day.until_quiet("the work never ends")
    await people.actors.silence()


async def _session(seed: int, disk: Disk, make: MakeHandlers, script: Script) -> Verdict:
    day = await begin(seed, disk, make)
    day.fault_plan.on -= script.faults_left_out
    _listen(day)
    try:
        with noted(day.asked):
            return await _played(day, script)
    finally:
        await day.close()


async def _played(day: Day, script: Script) -> Verdict:
    verdict = Verdict(day.seed, story=day.story)
    day.run_service()
    await day.until_quiet("the first sync never ends")
    await storm(day, day.dice.randint(17, 25), script)
    before = await found_by_sweep(day)
    await day.sweep()
    await day.until_quiet("the sweep never ends")
    if not day.fault_plan.on & FOR_EVER and await found_by_sweep(day) > before:
        day.invariants.fail(10, "a change that was told of was found only by the sweep")
    await judge(day, verdict)
    final_check(day)
    await day.until_quiet("the last hour never ends")
    await judge(day, verdict)
    written = day.invariants.writes
    await day.sweep()
    await day.until_quiet("the second sweep never ends")
    if day.invariants.writes != written:
        day.invariants.fail(13, "a second sweep wrote something", day.invariants.writes - written)
    day.check_step()
    leaks(day)
    _summed(day, verdict)
    return verdict


def _summed(day: Day, verdict: Verdict) -> None:
    verdict.changes, verdict.crashes, verdict.requests = day.changes, day.crashes, day.requests()
    verdict.faults, verdict.acts = day.fault_plan.struck, day.did
    verdict.for_ever = bool(day.fault_plan.on & FOR_EVER)
    verdict.broken = [f"{what} {detail}" for what, detail in day.invariants.broken.items()]
    verdict.duplicates = sum(what.startswith("2:") for what in day.invariants.broken)
    verdict.wrong = sorted(set(verdict.wrong))
    verdict.low = sorted(set(verdict.low) & set(verdict.wrong)) if verdict.for_ever else []
    verdict.unknowable = sorted(set(verdict.unknowable) & set(verdict.wrong))
    verdict.reported = sorted(set(verdict.reported))


def _listen(day: Day) -> None:
    """What the service logs goes to the day, and an error there is one of the day's."""

    def take(_: Any, level: str, entry: MutableMapping[str, Any]) -> NoReturn:
        day.logged.append(repr({key: value for key, value in entry.items() if key != "exc_info"}))
        bug = entry.get("exc_info")
        if level in ("error", "critical", "exception"):
            day.invariants.fail(
                0, f"{entry.get('event')}", f"{type(bug).__name__} {bug}" if bug else entry
            )
        raise structlog.DropEvent

    structlog.configure(processors=[take], wrapper_class=structlog.make_filtering_bound_logger(20))


def session(
    seed: int, disk: Disk, make: MakeHandlers = handlers, script: Script | None = None
) -> Verdict:
    """One seed, from the beginning; with a script, only the acts that it keeps."""
    with _alone():
        return run(_session(seed, disk, make, script or Script()), seed)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """The process belongs to the day: its logs are the day's, and nothing is swept up before the
    end. Afterwards all is as it was.
    """
    logs = structlog.get_config()
    gc.disable()  # looking for what a day leaves behind takes longer than the day
    try:
        yield
    finally:
        structlog.configure(**logs)
        gc.enable()


def shown(faults: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items()) if count)
