"""Which rule of the engine asked the merchant, and how often: the questions of a storm by cause.

    python -m tests.simulation.asking F.sessions [...]

The files are those of `./test --storm N --json F`. A day is clean where no message is lost for ever
and no call lands in part: there the engine is to ask as good as never.
"""

# ruff: noqa: T201 - it prints a table
import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from brygga.database.ledgers import LedgerRow
from brygga.sync.stock.unit_of_work import UnitOfWork

RULES: Mapping[str, str] = {
    "_resolve": "a write to the store whose slot and record do not agree, or that has no slot",
    "_decide": "a write to the till without an answer, and an hour without an echo",
    "_sold": "orders that nobody can count, of a record that is attached anew",
    "_renew": "units that were sold twice, and are in the store again",
    "_moved": "units that are gone without an event or an order",
    "started": "a write to the till on its way when tracking went off",
}
"""By the function that asks."""
FORGOTTEN = "_moved"
"""What asks where BigCommerce may have forgotten a number."""
_PASSED_ON = frozenset({"ask_to_check", "ask_about", "asks"})


@contextmanager
def noted(into: list[tuple[int, str, str]]) -> Iterator[None]:
    """While it lasts, each question is noted: connection, variant and the function that asks."""
    ask = UnitOfWork.ask_to_check

    def asks(unit: UnitOfWork, ledger_row: LedgerRow) -> None:
        frame = sys._getframe(1)
        while frame.f_code.co_name in _PASSED_ON and frame.f_back is not None:
            frame = frame.f_back
        into.append((unit.connection_id, ledger_row.variant_uuid, frame.f_code.co_name))
        ask(unit, ledger_row)

    with patch.object(UnitOfWork, "ask_to_check", asks):
        yield


def is_clean(row: Mapping[str, Any]) -> bool:
    """Whether the engine can know all of this session."""
    return not row["for_ever"] and not row["faults"].get("calls in part")


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The causes, the most frequent first: clean days, other days, and the seeds of clean days."""
    found = sorted(rows, key=lambda row: int(row["seed"]))
    clean = [row for row in found if is_clean(row)]
    other = [row for row in found if not is_clean(row)]
    lines = ["| cause | clean days | other days | seeds of the clean days |", "|---|---|---|---|"]
    causes = {one for row in found for one in row["asked"]}
    for cause in sorted(causes, key=lambda one: (-len(_seeds(clean, one)), one)):
        seeds = _seeds(clean, cause)
        shown = ", ".join(str(seed) for seed in seeds)
        lines.append(
            f"| {RULES.get(cause, cause)} | {len(seeds)} | {len(_seeds(other, cause))} | {shown} |"
        )
    return "\n".join([*lines, *_sums(clean, other)])


def _sums(clean: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The days that ask, with and without hands at the counting, and those of them on which a hand
    hid what is asked.
    """
    for name, hands in (("", None), (" with hands at variants and counting", 1), (" without", 0)):
        some = [_of(rows, hands) for rows in (clean, other)]
        asked = [f"{sum(bool(row['checks']) for row in rows)} of {len(rows)}" for rows in some]
        yield f"| days that ask{',' * bool(name)}{name} | {asked[0]} | {asked[1]} | |"
    hid = [
        [row for row in rows if row["checks"] and row.get("hidden", 0) == row["checks"]]
        for rows in (clean, other)
    ]
    seeds = ", ".join(str(row["seed"]) for row in hid[0])
    yield f"| of these, of what only the merchant knows | {len(hid[0])} | {len(hid[1])} | {seeds} |"


def _of(rows: Sequence[Mapping[str, Any]], hands: int | None) -> Sequence[Mapping[str, Any]]:
    return [row for row in rows if hands is None or hands == bool(row["faults"].get("hands"))]


def _seeds(rows: Iterable[Mapping[str, Any]], cause: str) -> Sequence[int]:
    return [int(row["seed"]) for row in rows if cause in row["asked"]]


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.asking", description="The questions of a storm by cause."
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="F.sessions")
    chosen = parser.parse_args(words)
    rows: dict[int, Mapping[str, Any]] = {}
    for file in chosen.files:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            rows[int(row["seed"])] = row
    print(table(rows.values()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
