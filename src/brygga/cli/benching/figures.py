"""One line of the table: what was measured, what was aimed for, and whether that was met."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`aim` is what we want, `limit` what the platforms or the network allow at best (None: no such
    limit). `met` is None where the line has no aim.
    """

    name: str
    value: float
    unit: str
    aim: float | None = None
    limit: float | None = None
    met: bool | None = None


def at_most(
    name: str, value: float, unit: str, aim: float | None = None, limit: float | None = None
) -> Figure:
    """A figure that should be small."""
    return Figure(name, rounded(value), unit, aim, limit, None if aim is None else value <= aim)


def at_least(
    name: str, value: float, unit: str, aim: float | None = None, limit: float | None = None
) -> Figure:
    """A figure that should be large."""
    return Figure(name, rounded(value), unit, aim, limit, None if aim is None else value >= aim)


def rounded(value: float) -> float:
    """Four digits that count."""
    return float(f"{value:.4g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below this share of all. 0.0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def as_json(figures: Iterable[Figure]) -> str:
    return json.dumps([asdict(one) for one in figures], indent=2)


def as_text(figure: Figure) -> str:
    """One line of the table."""
    aim, limit = (
        "" if number is None else f"{label} {number:g}"
        for label, number in (("aim", figure.aim), ("limit", figure.limit))
    )
    met = {True: "met", False: "NOT MET", None: ""}[figure.met]
    return (
        f"{figure.name:<34} {figure.value:>10g} {figure.unit:<22} {aim:<12} {limit:<12} {met}"
    ).rstrip()
