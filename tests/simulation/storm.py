"""A storm: many sessions, one seed each, on several processes. It ends by itself, and continues
where it was stopped.

    ./test --storm 10000 [--first 0] [--workers 2] [--json F] [--mutant NAME]

Each process has a PostgreSQL of its own, which would lose data in a power cut only. Every finished
session is one line of `F.sessions`, so that a storm that was stopped continues where it was.
"""

# ruff: noqa: T201 - it tells how far it has come
import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from brygga.database import migrating
from brygga.database.embedded import embedded
from brygga.database.engine import Database
from tests.simulation.catching import played
from tests.simulation.disk import SEALER, Disk
from tests.simulation.judging import Verdict

PORTION = 10
"""So many seeds a process takes at a time."""


@contextmanager
def disk() -> Iterator[Disk]:
    """A database that was migrated, in a folder that goes away."""
    folder = Path(tempfile.mkdtemp(prefix="brygga-storm-"))
    folder.chmod(0o755)
    try:
        with embedded(folder, durable=False, tidy=False) as server:
            asyncio.run(_migrate(server.url))
            made = Disk(server.url)
            yield made
            made.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _migrate(url: str) -> None:
    database = Database.at(url, SEALER)
    await migrating.upgrade(database)
    await database.close()


def row_of(verdict: Verdict) -> dict[str, Any]:
    """A session as the storm keeps it."""
    return {
        "seed": verdict.seed,
        "changes": verdict.changes,
        "crashes": verdict.crashes,
        "requests": verdict.requests,
        "faults": dict(verdict.faults),
        "acts": dict(verdict.acts),
        "checks": verdict.checks,
        "hidden": verdict.hidden,
        "asked": verdict.asked,
        "duplicates": verdict.duplicates,
        "wrong": verdict.wrong,
        "unknowable": verdict.unknowable,
        "low": verdict.low,
        "reported": verdict.reported,
        "broken": verdict.broken,
        "for_ever": verdict.for_ever,
    }


# ---- Processes -----------------------------------------------------------------------------------


def _stay(place: int) -> None:
    """On one processor, with the database that is started from here: they only ever wait for each
    other, and a wait between two is dear.
    """
    if sys.platform == "linux":
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[place % len(allowed)]})


def _work(place: int, mutant: str, todo: Any, done: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stay(place)
    with disk() as own:
        while (portion := todo.get()) is not None:
            for seed in portion:
                done.put(row_of(played(mutant, seed, own)))
            gc.collect()
            own.sweep()
    done.put(None)


def sessions(seeds: Iterable[int], workers: int, mutant: str = "") -> Iterator[dict[str, Any]]:
    """The sessions of these seeds, as they come to their ends."""
    context = multiprocessing.get_context("spawn")
    todo, done = context.Queue(), context.Queue()
    wanted = list(seeds)
    for start in range(0, len(wanted), PORTION):
        todo.put(wanted[start : start + PORTION])
    active = [
        context.Process(target=_work, args=(place, mutant, todo, done), daemon=False)
        for place in range(workers)
    ]
    for one in active:
        todo.put(None)
        one.start()
    try:
        ended = 0
        while ended < workers:
            row = done.get()
            if row is None:
                ended += 1
            else:
                yield row
    finally:
        for one in active:
            one.join(timeout=10)
            if one.is_alive():
                one.terminate()


# ---- What came of it -----------------------------------------------------------------------------


def summed(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums that the bar asks for, and what is good to know beside them."""
    found = sorted(rows, key=lambda row: int(row["seed"]))
    faults: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    for row in found:
        faults.update(row["faults"])
        acts.update(row["acts"])
    failing = [row["seed"] for row in found if row["wrong"] or row["broken"] or row["duplicates"]]
    asked = [row["seed"] for row in found if row["checks"]]

    def total(name: str) -> int:
        return sum(row[name] for row in found)

    def days_with(*names: str) -> int:
        return sum(all(row.get(name) for name in names) for row in found)

    return {
        "sessions": len(found),
        "changes": total("changes"),
        "crashes": total("crashes"),
        "faults": dict(sorted(faults.items())),
        "wrong_unreported": days_with("wrong"),
        "wrong_unreported_that_nobody_could_know": sum(
            bool(row["wrong"]) and row["wrong"] == row["unknowable"] for row in found
        ),
        "wrong_reported": days_with("reported"),
        "duplicates": total("duplicates"),
        "failing_seeds": failing,
        "sessions_with_messages_lost_for_ever": total("for_ever"),
        "too_low_unreported_where_lost_for_ever": days_with("low"),
        "wrong_unreported_where_lost_for_ever": days_with("wrong", "for_ever"),
        "wrong_reported_where_lost_for_ever": days_with("reported", "for_ever"),
        "asked_to_check_where_lost_for_ever": days_with("checks", "for_ever"),
        "sessions_asked_to_check": len(asked),
        "asked_seeds": asked,
        "invariants_broken": dict(
            Counter(line.split(":")[0] for row in found for line in row["broken"])
        ),
        "requests": total("requests"),
        "acts": dict(sorted(acts.items())),
    }


def table(summary: Mapping[str, Any], seconds: float) -> str:
    """For people."""
    rows = [
        ("sessions", summary["sessions"]),
        ("stock changes", summary["changes"]),
        ("crashes", summary["crashes"]),
        ("faults", sum(summary["faults"].values())),
        *((f"  {kind}", count) for kind, count in summary["faults"].items()),
        ("acts", sum(summary["acts"].values())),
        *((f"  {kind}", count) for kind, count in summary["acts"].items()),
        ("requests of the service", summary["requests"]),
        ("sessions with a wrong number, unreported", summary["wrong_unreported"]),
        ("  that nobody could know", summary["wrong_unreported_that_nobody_could_know"]),
        ("sessions with a wrong number, reported", summary["wrong_reported"]),
        ("sessions that ask the merchant to check", summary["sessions_asked_to_check"]),
        (
            "days on which messages are lost for ever",
            summary["sessions_with_messages_lost_for_ever"],
        ),
        ("  wrong there, unreported", summary["wrong_unreported_where_lost_for_ever"]),
        ("    of these too low", summary["too_low_unreported_where_lost_for_ever"]),
        ("  wrong there, reported", summary["wrong_reported_where_lost_for_ever"]),
        ("  asked to check there", summary["asked_to_check_where_lost_for_ever"]),
        ("duplicates", summary["duplicates"]),
        ("invariants broken", summary["invariants_broken"] or "none"),
        ("failing seeds", summary["failing_seeds"][:40] or "none"),
        ("seconds", round(seconds)),
    ]
    return "\n".join(f"{name:<44} {value}" for name, value in rows)


def _kept(file: Path | None, first: int, last: int) -> list[dict[str, Any]]:
    if file is None or not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]
    return [row for row in rows if first <= row["seed"] < last]


def _reported(row: Mapping[str, Any], out: TextIO) -> None:
    for kind in ("wrong", "broken", "reported"):
        for line in row[kind]:
            print(f"seed {row['seed']} {kind}: {line}", file=out, flush=True)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="./test --storm", description="Many sessions of the simulation."
    )
    parser.add_argument("sessions", type=int)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--json", type=Path, help="write the sums here, and every session to FILE.sessions"
    )
    parser.add_argument("--mutant", default="", help="with a broken engine, to see it caught")
    chosen = parser.parse_args(words)
    last, began = chosen.first + chosen.sessions, time.monotonic()
    lines = chosen.json.with_name(chosen.json.name + ".sessions") if chosen.json else None
    rows = _kept(lines, chosen.first, last)
    known = {row["seed"] for row in rows}
    if known:
        print(f"going on after {len(known)} sessions")
    with (lines or Path(os.devnull)).open("a") as ledger_row:
        for row in sessions(
            (seed for seed in range(chosen.first, last) if seed not in known),
            chosen.workers,
            chosen.mutant,
        ):
            rows.append(row)
            print(json.dumps(row), file=ledger_row, flush=True)
            _reported(row, sys.stdout)
            if len(rows) % 100 == 0:
                print(
                    f"{len(rows)} of {chosen.sessions} sessions, {time.monotonic() - began:.0f} s",
                    flush=True,
                )
                if chosen.json:
                    chosen.json.write_text(json.dumps(summed(rows), indent=1))
    summary = summed(rows)
    print(table(summary, time.monotonic() - began))
    if chosen.json:
        chosen.json.write_text(json.dumps(summary, indent=1))
    return 1 if summary["failing_seeds"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
