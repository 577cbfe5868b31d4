"""What the doctor found: a verdict, the fact, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    WELL = "well"
    LOOK = "look"
    """May be right; a person should check."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` says what to do, "" when all is well."""

    verdict: Verdict
    what: str
    mend: str = ""


def well(what: str) -> Finding:
    return Finding(Verdict.WELL, what)


def look(what: str, mend: str = "") -> Finding:
    return Finding(Verdict.LOOK, what, mend)


def wrong(what: str, mend: str) -> Finding:
    return Finding(Verdict.WRONG, what, mend)


def reported(found: Iterable[Finding]) -> str:
    lines = []
    for one in found:
        lines.append(f"{one.verdict.value:<6} {one.what}")
        lines += [f"{'':<6} -> {one.mend}"] if one.mend else []
    return "\n".join(lines)
