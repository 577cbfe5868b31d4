"""Every plan, and every set of at most `k` deviations from it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from tests.explorer.world import Act, End, Plan, Run

GAPS_S = (0.0, 1.0, 4.0)
Deviations = tuple[tuple[int, int], ...]
"""Place of the choice -> the answer taken there, in order."""


@dataclass(slots=True)
class Found:
    """What a search has played, and what ended wrong."""

    plans: int = 0
    runs: int = 0
    asked: int = 0
    wrong: list[tuple[Plan, Deviations, End]] = field(default_factory=list)

    def add(self, plan: Plan, deviations: Deviations, end: End) -> None:
        self.runs += 1
        self.asked += end.asked
        if end.is_wrong:
            self.wrong.append((plan, deviations, end))


def plans(acts: Sequence[Act], events: int) -> Iterator[Plan]:
    """All plans of so many events; those of one event have no gap."""
    for chosen in product(acts, repeat=events):
        for gap_s in GAPS_S if events > 1 else GAPS_S[:1]:
            yield Plan(chosen, gap_s)


def deviations(plan: Plan, most: int, *, partial: bool = False) -> Iterator[tuple[Deviations, End]]:
    """The ordinary run, and every run with at most so many deviations.

    A deviation changes what comes after it, so that a run's own choices say where it can deviate
    next. What comes before it is not played again: a run goes on from the last turn before it.
    """
    todo: list[tuple[Deviations, Run]] = [((), Run.of(plan, partial=partial))]
    while todo:
        taken, run = todo.pop()
        turns = _played(run.copied(), taken, kept=len(taken) < most)
        end = turns[-1].end()
        yield taken, end
        if len(taken) == most:
            continue
        places = [len(turn.choices.asked) for turn in turns]
        first = taken[-1][0] + 1 if taken else 0
        for place in range(first, len(end.choices)):
            before = turns[bisect_right(places, place) - 1]
            answers = range(1, end.choices[place][1])
            todo += [((*taken, (place, answer)), before) for answer in answers]


def _played(run: Run, taken: Deviations, *, kept: bool) -> list[Run]:
    """Plays a run to its end, which comes last. Before it, if they are to be `kept`, the run as it
    was before each turn.
    """
    run.choices.deviations = dict(taken)
    turns = [run.copied()] if kept else []
    while run.turn():
        if kept:
            turns.append(run.copied())
    return [*turns, run]


def explore(acts: Sequence[Act], events: int, most: int, *, partial: bool = False) -> Found:
    """Plays them all."""
    found = Found()
    for plan in plans(acts, events):
        found.plans += 1
        for taken, end in deviations(plan, most, partial=partial):
            found.add(plan, taken, end)
    return found


def reported(plan: Plan, taken: Deviations, end: End) -> str:
    """One run in words, as it can be played again."""
    asked = ", asked" if end.asked else ""
    return f"{plan} {dict(taken)}: {end.what}{asked}; " + "; ".join(end.story)
