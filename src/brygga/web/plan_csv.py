"""The plan as a file for a spreadsheet: one line for each product."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from brygga.web.i18n import Words
from brygga.web.stock_csv import BOM, harmless

COLUMNS: Final = ("product", "happens", "with", "why", "likely", "notes")


def heading(words: Words) -> str:
    return BOM + written([[words.fill(f"plan.csv.{column}", {}) for column in COLUMNS]])


def written(rows: Sequence[Sequence[str]]) -> str:
    """Every cell is harmless in a spreadsheet."""
    out = io.StringIO()
    csv.writer(out).writerows([[harmless(cell) for cell in row] for row in rows])
    return out.getvalue()
