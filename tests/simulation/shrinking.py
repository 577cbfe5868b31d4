"""A failing day made small: the fewest acts and faults with which it still goes wrong.

    ./test --shrink SEED [--mutant NAME] [--runs 200] [--seconds 600]

First it leaves out what could not be done, then products, kinds of acts and faults, each as a
whole. Then it leaves out halves of the acts in turn, then quarters, and so on, down to single acts
(delta debugging, after Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
2002), and the waits between them likewise. A day that fails in another way counts too.
"""

# ruff: noqa: T201 - it tells how far it has come
import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from unittest.mock import patch

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
    """What is left of a day. Turns, faults and waits by which it fails, and the last verdict on
    it.
    """

    turns: Sequence[int]
    faults: Sequence[str]
    waits: Sequence[int]
    verdict: Verdict
    runs: int = 0


@dataclass
class Shrinker:
    """`most` runs at most, none of which begins after `seconds`, and then what has been reached."""

    seed: int
    disk: Disk
    mutant: str = ""
    most: int = 200
    seconds: float = 600.0
    runs: int = 0
    script: Script = field(default_factory=Script)
    _ends: float = 0.0
    _left: Shrunk | None = None

    def play(self, script: Script) -> Verdict:
        self.runs += 1
        hands = fault_plan.HANDS_AT_WORK and not self.mutant
        with patch.object(fault_plan, "HANDS_AT_WORK", hands), broken(self.mutant) as make:
            return session(self.seed, self.disk, make if self.mutant else handlers, script)

    def shrink(self) -> Shrunk | None:
        """None where the day is right."""
        self._ends = time.monotonic() + self.seconds
        verdict = self.play(self.script)
        if not verdict.alarms:
            return None
        turns = list(range(len(self.script.turns)))
        left = self._left = Shrunk(turns, FAULTS, turns, verdict, self.runs)
        self._fails(turns=[turn for turn in turns if self.script.turns[turn].act is not None])
        for of in (1, 0):
            self._without_groups(of)
        smallest(left.faults, lambda some: self._fails(faults=some))
        smallest(left.turns, lambda some: self._fails(turns=some))
        smallest(left.faults, lambda some: self._fails(faults=some))
        smallest(left.waits, lambda some: self._fails(waits=some))
        smallest(left.turns, lambda some: self._fails(turns=some))
        left.runs = self.runs
        return left

    def _without_groups(self, of: int) -> None:
        """Leaves out all acts on a product (1), or of a kind (0), one group after the other."""
        assert self._left is not None
        acts = {turn: act for turn, one in enumerate(self.script.turns) if (act := one.act)}
        for group in sorted({act[of] for act in acts.values()}):
            rest = [turn for turn in self._left.turns if turn in acts and acts[turn][of] != group]
            if len(rest) < len(self._left.turns):
                self._fails(turns=rest)

    def _fails(
        self,
        turns: Sequence[int] | None = None,
        faults: Sequence[str] | None = None,
        waits: Sequence[int] | None = None,
    ) -> bool:
        """Whether the day fails still with fewer of these; then they are what is left."""
        left = self._left
        assert left is not None
        if self.runs >= self.most or time.monotonic() > self._ends:
            return False
        turns = left.turns if turns is None else turns
        faults = left.faults if faults is None else faults
        waits = left.waits if waits is None else waits
        without = [kind for kind in FAULTS if kind not in faults]
        verdict = self.play(self.script.only(turns, without, waits))
        if verdict.alarms:
            left.turns, left.faults, left.waits, left.verdict = turns, faults, waits, verdict
        return bool(verdict.alarms)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="./test --shrink", description="The fewest acts with which a day fails."
    )
    parser.add_argument("seed", type=int)
    parser.add_argument("--mutant", default="", choices=["", *MUTANTS], help="with a broken engine")
    parser.add_argument("--runs", type=int, default=200, help="so many days are played at most")
    parser.add_argument("--seconds", type=float, default=600, help="no day begins after so long")
    chosen = parser.parse_args(words)
    with disk() as own:
        shrinker = Shrinker(chosen.seed, own, chosen.mutant, chosen.runs, chosen.seconds)
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
    for turn in found.turns:
        print(f"  {turn}: {' '.join(shrinker.script.turns[turn].act or ())}")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
