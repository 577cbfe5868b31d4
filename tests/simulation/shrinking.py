"""A failing day made small: the fewest acts and faults with which it still goes wrong.

    ./test --shrink SEED [--mutant NAME] [--runs 200]

It leaves out halves of the acts in turn, then quarters, and so on, down to single acts (delta
debugging, after Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
A day that fails in another way counts too.
"""

# ruff: noqa: T201 - it tells how far it has come
import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from brygga.wiring import handlers
from tests.simulation import fault_plan
from tests.simulation.acts import SPECIAL
from tests.simulation.catching import broken
from tests.simulation.disk import Disk
from tests.simulation.judging import Verdict
from tests.simulation.mutants import MUTANTS
from tests.simulation.script import Script
from tests.simulation.session import session
from tests.simulation.storm import disk

T = TypeVar("T")
FAULTS = tuple(kind for kind in fault_plan.KINDS if kind not in SPECIAL)
"""Those that decide nothing about what people do."""


def smallest(found: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """A part of `found` that fails still, and of which nothing more can be left out. `found` itself
    fails.
    """
    rest, parts = list(found), 2
    while rest:
        size = -(-len(rest) // parts)
        for start in range(0, len(rest), size):
            fewer = rest[:start] + rest[start + size :]
            if fails(fewer):
                rest, parts = fewer, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(rest))
    return rest


@dataclass
class Shrunk:
    """What is left of a day. Turns and faults by which it fails, and the last verdict on it."""

    turns: Sequence[int]
    faults: Sequence[str]
    verdict: Verdict
    runs: int = 0


@dataclass
class Shrinker:
    """`most` runs at most, and then what has been reached."""

    seed: int
    disk: Disk
    mutant: str = ""
    most: int = 200
    runs: int = 0
    script: Script = field(default_factory=Script)

    def play(self, script: Script) -> Verdict:
        self.runs += 1
        with broken(self.mutant) as make:
            return session(self.seed, self.disk, make if self.mutant else handlers, script)

    def shrink(self) -> Shrunk | None:
        """None where the day is right."""
        worst = self.play(self.script)
        if not worst.alarms:
            return None

        def fails(turns: Sequence[int], faults: Sequence[str]) -> bool:
            nonlocal worst
            if self.runs >= self.most:
                return False
            verdict = self.play(
                self.script.only(turns, [kind for kind in FAULTS if kind not in faults])
            )
            worst = verdict if verdict.alarms else worst
            return bool(verdict.alarms)

        turns: list[int] = list(range(len(self.script.turns)))
        faults: list[str] = list(FAULTS)
        if not fails(turns, faults):
            return Shrunk(turns, faults, worst, self.runs)
        faults = smallest(faults, lambda some: fails(turns, some))
        fewer = smallest(turns, lambda some: fails(some, faults))
        faults = smallest(faults, lambda some: fails(fewer, some))
        return Shrunk(fewer, faults, worst, self.runs)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="./test --shrink", description="The fewest acts with which a day fails."
    )
    parser.add_argument("seed", type=int)
    parser.add_argument("--mutant", default="", choices=["", *MUTANTS], help="with a broken engine")
    parser.add_argument("--runs", type=int, default=200, help="so many days are played at most")
    chosen = parser.parse_args(words)
    with disk() as own:
        shrinker = Shrinker(chosen.seed, own, chosen.mutant, chosen.runs)
        found = shrinker.shrink()
    if found is None:
        print(f"day {chosen.seed} is right")
        return 0
    print("\n".join(found.verdict.story))
    print(
        f"day {chosen.seed} fails with {len(found.turns)} of {len(shrinker.script.turns)} acts",
        end="",
    )
    print(f" and {', '.join(found.faults) or 'no faults'} ({found.runs} days played):")
    print("\n".join(f"  {line}" for line in found.verdict.alarms))
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
