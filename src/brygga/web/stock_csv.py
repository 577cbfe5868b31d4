"""What happened to the stock of a variant, as a file for a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from brygga.web.i18n import Words
from brygga.web.moves import Event, event_view

BOM: Final = "\ufeff"
"""Without it Excel assumes another encoding and shows å ä ö wrongly."""
COLUMNS: Final = (
    "time", "product", "variant", "sku", "side", "cause", "change", "till_before", "till_after",
    "shop_before", "shop_after",
    "request", "request_sent", "request_id", "reference", "seller", "place",
)  # fmt: skip
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins with one of these for a formula."""


def heading(words: Words) -> str:
    return BOM + _written(words, [[words.fill(f"csv.{column}", {}) for column in COLUMNS]])


def lines(words: Words, of: tuple[str, str, str], events: Sequence[Event]) -> str:
    """One line for each event, as on the page. `of` is the product's name, the variant's, and its
    SKU.
    """
    return _written(words, [_row(words, of, event) for event in events])


def file_name(name: str) -> str:
    """For the header that names a download: plain letters for old browsers, and the real name for
    others.
    """
    kept = (
        "".join(one if one.isalnum() or one in " -_" else "_" for one in name).strip()[:80]
        or "lager"
    )
    plain = kept.encode("ascii", "ignore").decode().strip() or "lager"
    return f"attachment; filename=\"{plain}.csv\"; filename*=UTF-8''{quote(kept)}.csv"


def harmless(text: str) -> str:
    """The text in a form that a spreadsheet shows and never runs."""
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text


def _row(words: Words, of: tuple[str, str, str], event: Event) -> list[str | int]:
    view = event_view(words, event)
    numbers = [view.moved, *view.till, *view.shop]
    sent = [event.move, *event.writes]
    return [
        _moment(view.at),
        *(harmless(text) for text in of),
        words.fill(f"whose.{view.whose}", {}),
        harmless(view.sentence),
        *("" if number is None else number for number in numbers),
        harmless(view.request),
        _moment(next((one.sent for one in sent if one.sent is not None), None)),
        harmless(" ".join(dict.fromkeys(one.call for one in sent if one.call))),
        harmless(event.move.reference),
        harmless(view.seller),
        harmless(view.place),
    ]


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _written(words: Words, rows: Sequence[Sequence[str | int]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=words.delimiter).writerows(rows)
    return sheet.getvalue()
