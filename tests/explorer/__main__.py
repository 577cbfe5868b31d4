"""Plays plans of the stock core within a time limit, and continues where it stopped.

    ./test --explore [--events 3] [--deviations 1] [--seconds 600] [--resume F]

Each plan that was played to its end is a line of `F`. It is not played again while the core and the
world are unchanged. The order of the plans is mixed and always the same, so that a run that ends
early has played plans of every kind.
"""

# ruff: noqa: T201 - it tells how far it has come
import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from brygga.core import stock
from tests.core.stock import stock_world
from tests.explorer import search, world
from tests.explorer.search import Found, deviations, plans, reported
from tests.explorer.world import Act, Plan


@dataclass
class Sums:
    """What has been played, also in earlier runs."""

    plans: int = 0
    runs: int = 0
    asked: int = 0
    wrong: int = 0

    def add(self, row: dict[str, int]) -> None:
        self.plans += 1
        self.runs += row["runs"]
        self.asked += row["asked"]
        self.wrong += row["wrong"]


def main(words: Sequence[str] | None = None) -> int:
    wanted = _arguments(words)
    state, version = Path(wanted.resume), fingerprint()
    todo = mixed(wanted.events)
    sums, played = _kept(state, version, wanted.deviations, {str(plan) for plan in todo})
    ends, left = time.monotonic() + wanted.seconds, 0
    if played:
        print(f"going on after {len(played)} plans")
    with state.open("a", encoding="utf-8") as file:
        for plan in todo:
            if str(plan) in played:
                continue
            if time.monotonic() > ends:
                left += 1
                continue
            row = _played(plan, wanted.deviations)
            sums.add(row)
            names = {"version": version, "deviations": wanted.deviations, "plan": str(plan)}
            print(json.dumps({**names, **row}), file=file, flush=True)
    print(
        f"{sums.plans} plans, {sums.runs} runs: {sums.wrong} wrong without a word, "
        f"{sums.asked} asked; {sums.plans / len(todo):.1%} of all plans of {wanted.events} events, "
        f"{left} left"
    )
    return 1 if sums.wrong else 0


def mixed(events: int) -> Sequence[Plan]:
    found = list(plans(list(Act), events))
    random.Random(events).shuffle(found)
    return found


def fingerprint() -> str:
    """Of the core and the sandbox: what was played with another proves nothing about this one."""
    files = sorted(Path(str(stock.__file__)).parent.glob("*.py"))
    files += [Path(str(module.__file__)) for module in (stock_world, search, world)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _played(plan: Plan, most: int) -> dict[str, int]:
    found = Found()
    for taken, end in deviations(plan, most):
        found.add(plan, taken, end)
        if end.is_wrong:
            print(reported(plan, taken, end), flush=True)
    return {"runs": found.runs, "asked": found.asked, "wrong": len(found.wrong)}


def _kept(state: Path, version: str, most: int, names: Collection[str]) -> tuple[Sums, set[str]]:
    sums, played = Sums(), set()
    for line in state.read_text(encoding="utf-8").splitlines() if state.is_file() else ():
        row = json.loads(line) if line.startswith("{") and line.endswith("}") else {}
        if (row.get("version"), row.get("deviations")) == (version, most) and row["plan"] in names:
            sums.add(row)
            played.add(row["plan"])
    return sums, played


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./test --explore", description="Every small world of the stock core."
    )
    parser.add_argument("--events", type=int, default=3, help="events in a plan")
    parser.add_argument(
        "--deviations", type=int, default=1, help="deviations from the ordinary, at most"
    )
    parser.add_argument("--seconds", type=float, default=600, help="no plan begins after so long")
    parser.add_argument(
        "--resume", default="explored.txt", metavar="F", help="the plans that were played"
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
