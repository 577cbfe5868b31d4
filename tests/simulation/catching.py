"""Plays the wrong engines: which days catch each of them, and how many of a hundred.

    python -m tests.simulation.mutants --days 100 [--only NAME] [--seconds 600] [--resume F]

All engines play the same day before the next day begins, and the days are spread over the whole
range. So a run that ends early says something about each engine. Each pair of engine and day is a
line of `F`, and is not played again.
"""

# ruff: noqa: T201 - it tells how far it has come
import argparse
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from brygga.wiring import handlers
from tests.simulation import fault_plan
from tests.simulation.disk import Disk
from tests.simulation.judging import OPEN, Verdict
from tests.simulation.mutants import MUTANTS
from tests.simulation.naive import naive_handlers
from tests.simulation.process import MakeHandlers
from tests.simulation.session import session

KNOWN: Mapping[str, int] = {
    "naive": 3,
    "remember_after": 3,
    "landed_when_sent": 3,
    "repeat_blindly": 14,
    "hope": 3,
    "slot_given_back_too_early": 3,
    "count_read_later": 3,
    "read_before_the_end": 3,
    "two_calls_in_one_slot": 14,
    "marker_left_behind": 3,
    "count_never_raised": 14,
    "deaf_to_the_slot": 3,
    "ignore_read_lag": 3,
    "ignore_echoes": 1,
    "resolve_by_level": 14,
    "till_by_level": 18,
    "one_read_is_enough": 2,
    "pair_by_place": 3,
    "deaf_to_strangers": 3,
    "both_follow": 12,
    "track_everything": 20,
    "absolute": 6,
    "blind_to_orders": 5,
    "no_fence": 2,
    "answer_first": 12,
    "create_again": 12,
}
"""For each engine, a day that catches it, and quickly. Where it does not any more, other days are
tried. `mutants` prints which do.
"""
NAMES = ("naive", *MUTANTS)


@dataclass(frozen=True, slots=True)
class Catch:
    """On which day, after how many, and what was found."""

    seed: int
    days: int
    why: str


@contextmanager
def broken(name: str) -> Iterator[MakeHandlers]:
    """While it lasts the engine is that mutant; "" is the engine as it is."""
    with ExitStack() as stack:
        for one in MUTANTS[name]() if name in MUTANTS else ():
            stack.enter_context(one)
        yield naive_handlers if name == "naive" else handlers


def played(name: str, seed: int, disk: Disk, *, hands: bool | None = None) -> Verdict:
    """One session of the engine as it is, or of a mutant: these have their days without hands in
    the shop, as they are counted by seeds.
    """
    at_work = fault_plan.HANDS_AT_WORK and (not name if hands is None else hands)
    with patch.object(fault_plan, "HANDS_AT_WORK", at_work), broken(name) as make:
        return session(seed, disk, make)


def found_out(wrong: Verdict, sound: Verdict) -> str:
    """What the wrong engine did on a day that the sound one did not; "" for nothing.

    A day that ends wrong with the sound engine too proves nothing, nor a question that it asks too.
    """
    if wrong.failed:
        return "" if sound.failed else [*wrong.broken, *wrong.wrong][0]
    return wrong.alarms[0] if wrong.alarms and not sound.alarms else ""


@dataclass
class Days:
    """Days on one disk. What the sound engine does on a day is played once."""

    disk: Disk
    sound: dict[int, Verdict] = field(default_factory=dict)

    def catch(self, name: str, seed: int) -> str:
        wrong = played(name, seed, self.disk)
        if not wrong.alarms:
            return ""
        if seed not in self.sound:
            self.sound[seed] = played("", seed, self.disk, hands=False)
        return found_out(wrong, self.sound[seed])

    def caught(self, name: str, most: int = 50) -> Catch | None:
        """The day that is known to find it out, and then `most` others: first those that find
        others out, which the sound engine plays anyway.
        """
        known = [KNOWN[name]] if name in KNOWN else []
        after = dict.fromkeys(itertools.chain(sorted(set(KNOWN.values())), range(most * 2)))
        others = (seed for seed in after if seed not in OPEN and seed not in known)
        for count, seed in enumerate([*known, *itertools.islice(others, most)], start=1):
            why = self.catch(name, seed)
            if why:
                return Catch(seed, count, why)
        return None


# ---- How many of a hundred -----------------------------------------------------------------------


def spread(days: int) -> Sequence[int]:
    """The seeds below `days` in an order of which every beginning is spread over all of them."""
    bits = max(1, (days - 1).bit_length())
    backwards = (int(f"{place:0{bits}b}"[::-1], 2) for place in range(2**bits))
    return [seed for seed in backwards if seed < days and seed not in OPEN]


@dataclass
class Counted:
    """By engine: the days that were played, and those that found it out."""

    days: dict[str, list[int]] = field(default_factory=dict)
    caught: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, seed: int, why: str) -> None:
        self.days.setdefault(name, []).append(seed)
        if why:
            self.caught.setdefault(name, []).append(seed)

    def has(self, name: str, seed: int) -> bool:
        return seed in self.days.get(name, ())


def table(counted: Counted, names: Sequence[str]) -> str:
    """As it stands in docs/simulation.md."""
    rows = [
        "| wrong engine | what it does | caught | of so many days | known day |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        days = len(counted.days.get(name, ()))
        what = "reads both sides, writes the difference, remembers after"
        if name in MUTANTS:
            what = (MUTANTS[name].__doc__ or "").splitlines()[0].rstrip(".")
        found = f"{len(counted.caught.get(name, ()))} | {days} | {KNOWN.get(name, '')}"
        rows.append(f"| `{name}` | {what} | {found} |")
    return "\n".join(rows)


def _kept(state: Path) -> Counted:
    counted = Counted()
    for line in state.read_text(encoding="utf-8").splitlines() if state.is_file() else ():
        row = json.loads(line)
        counted.add(row["name"], row["seed"], row["why"])
    return counted


def main(words: Sequence[str] | None = None) -> int:
    from tests.simulation.storm import disk  # noqa: PLC0415 - a storm plays wrong engines too

    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.mutants",
        description="How many of so many days find each wrong engine out.",
    )
    parser.add_argument("--days", type=int, default=100, help="the seeds below this number")
    parser.add_argument(
        "--only", choices=NAMES, action="append", help="this engine; may be given again"
    )
    parser.add_argument("--seconds", type=float, default=600, help="no day begins after so long")
    parser.add_argument(
        "--resume",
        type=Path,
        default=Path("mutants.jsonl"),
        metavar="F",
        help="what was played; the command goes on after it",
    )
    chosen = parser.parse_args(words)
    names, ends = chosen.only or NAMES, time.monotonic() + chosen.seconds
    counted, left = _kept(chosen.resume), 0
    with disk() as own, chosen.resume.open("a", encoding="utf-8") as ledger_row:
        days = Days(own)
        for seed in spread(chosen.days):
            wanted = [name for name in names if not counted.has(name, seed)]
            before = left
            for name in wanted:
                if time.monotonic() > ends:
                    left += 1
                    continue
                why = days.catch(name, seed)
                counted.add(name, seed, why)
                print(
                    json.dumps({"name": name, "seed": seed, "why": why}),
                    file=ledger_row,
                    flush=True,
                )
            if wanted and left == before:
                print(f"day {seed} is played by all", flush=True)
                own.sweep()
    print(table(counted, names))
    if left:
        done = sum(len(counted.days.get(name, ())) for name in names)
        print(
            f"{done / (done + left):.0%} is played; {left} days of engines are left, and the same "
            "command goes on with them"
        )
    missed = [name for name in names if not counted.caught.get(name)]
    print(f"not found out: {', '.join(missed) or 'none'}")
    return 1 if missed and not left else 0
