"""The table of docs/staying-connected.md: its rows, and the times that its tests are held to."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).parents[2] / "docs" / "staying-connected.md"
_SECONDS: Final = {"min": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    cause: str
    notice: str
    within_s: int
    reads: str
    test: str


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\| K\d+ \|", line):
            id_, cause, notice, within, reads, test = (
                cell.strip() for cell in line.strip("|").split("|")
            )
            number, unit = within.split()
            found.append(
                Row(id_, cause, notice, int(number) * _SECONDS[unit], reads, test.strip("`"))
            )
    return found


def within_s(row_id: str) -> int:
    """How long the table allows."""
    return next(row.within_s for row in rows() if row.id == row_id)
