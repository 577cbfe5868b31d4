"""A statement as a file for a spreadsheet."""

import csv
import io

from brygga.core.statements import stamp
from brygga.web.i18n import Words
from brygga.web.statement_view import StatementView
from brygga.web.stock_csv import BOM, harmless

COLUMNS = ("product", "sku", "zettle", "shop", "state", "reason")


def sheet(words: Words, view: StatementView) -> str:
    """First the sums, then each variant that is not equal."""
    made = io.StringIO()
    out = csv.writer(made, delimiter=words.delimiter)
    for key, value in (
        ("made", stamp(view.made_at)),
        ("equal", view.equal),
        ("different", view.different),
        ("unknown", view.unknown),
        ("separate", view.separate),
        ("hash", view.hash),
        ("previous", view.previous),
    ):
        out.writerow([words.fill(f"statement.csv.{key}", {}), value])
    out.writerow([])
    out.writerow([words.fill(f"statement.csv.{column}", {}) for column in COLUMNS])
    for state, rows in (("different", view.rows_different), ("unknown", view.rows_unknown)):
        for row in rows:
            numbers = ["" if number is None else number for number in (row.zettle, row.shop)]
            reason = words.fill(f"statement.{row.reason}", {})
            said = words.fill(f"statement.csv.{state}", {})
            out.writerow([harmless(row.name), harmless(row.sku), *numbers, said, reason])
    return BOM + made.getvalue()
