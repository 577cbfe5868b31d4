"""The acts of a day, recorded while it is played. The day can be played again without some of
them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

GAPS: Sequence[float] = (1 / 5, 1 / 60)


@dataclass
class Turn:
    """What chance was at the beginning of a turn, and how long it took until the next."""

    dice: Any
    gap: float = 0.0
    act: tuple[str, str] | None = None
    """What was done and to which product. None where it could not be done."""


@dataclass
class Script:
    """One turn per act that people try. `kept` None plays the day as it comes, and writes the turns
    down.

    A turn that is played again begins with the same dice, so that the same person does the same
    thing, whatever was left out before.
    """

    turns: list[Turn] = field(default_factory=list)
    kept: frozenset[int] | None = None
    faults_left_out: frozenset[str] = frozenset()
    waits: frozenset[int] | None = None
    """The turns after which time passes. None for all."""

    def is_over(self, number: int, *, done: bool) -> bool:
        return done if self.kept is None else number >= len(self.turns)

    def turn(self, number: int, dice: random.Random) -> bool:
        """Whether somebody does something in this turn."""
        if self.kept is None:
            self.turns.append(Turn(dice.getstate()))
            return True
        dice.setstate(self.turns[number].dice)
        return number in self.kept

    def note(self, number: int, act: tuple[str, str] | None) -> None:
        """What became of the turn, when the day is played as it comes."""
        if self.kept is None:
            self.turns[number].act = act

    def gap(self, number: int, dice: random.Random) -> float:
        """Seconds until the next turn."""
        if self.kept is not None:
            waits = self.waits is None or number in self.waits
            return self.turns[number].gap if waits else 0.0
        few, many = (dice.expovariate(rate) for rate in GAPS)
        self.turns[number].gap = dice.choice([0.0, 0.3, few, many])
        return self.turns[number].gap

    def only(
        self,
        kept: Sequence[int],
        faults_left_out: Sequence[str] = (),
        waits: Sequence[int] | None = None,
    ) -> "Script":
        still = None if waits is None else frozenset(waits)
        return Script(self.turns, frozenset(kept), frozenset(faults_left_out), still)
