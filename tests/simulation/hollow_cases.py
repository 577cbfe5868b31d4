"""The cases of the walk of hollow answers (`hollow`), and their results."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from brygga_sandbox.faults import HOLLOWS

MOMENTS = ("quiet", "till sells", "shop sells")


@dataclass(frozen=True, order=True)
class Get:
    """Something that the service reads, by the platform's own template of its path."""

    platform: str
    method: str
    template: str

    def __str__(self) -> str:
        return f"{self.platform} {self.method} {self.template}"


@dataclass(frozen=True)
class Case:
    get: Get
    act: str
    answer: str
    lasts: bool
    moment: str

    def __str__(self) -> str:
        when = "for ten minutes" if self.lasts else "once"
        return f"{self.get}: {self.answer} {when}, {self.moment}, {self.act}"


@dataclass
class Found:
    """What the cases of a walk came to."""

    gets: set[Get] = field(default_factory=set)
    cases: int = 0
    struck: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        self.gets |= other.gets
        self.cases += other.cases
        self.struck += other.struck
        self.wrong += other.wrong
        self.lost += other.lost
        self.silent += other.silent

    def __str__(self) -> str:
        kinds = f"{len(HOLLOWS) - 1} kinds × 2 × {len(MOMENTS)} moments"
        return (
            f"{len(self.gets)} GETs × {kinds}: {self.cases} cases, {self.struck} of them met; "
            f"{len(self.wrong)} written wrongly, {len(self.lost)} lost, {len(self.silent)} silent"
        )


def kinds_of(get: Get) -> Iterator[str]:
    """Only Zettle's stock says "not tracked". A list that counts itself empty is an answer:
    tests/stock/test_hands_and_sales.py.
    """
    kinds = (kind for kind in HOLLOWS if kind != "counted_empty")
    return (
        kind
        for kind in kinds
        if kind != "not_tracked" or "/stock/{inventory}/products" in get.template
    )


def cases_of(get: Get, act: str) -> Iterator[Case]:
    for answer in kinds_of(get):
        for lasts in (False, True):
            yield from (Case(get, act, answer, lasts, moment) for moment in MOMENTS)
