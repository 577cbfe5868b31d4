"""Which part of a long list is shown."""

from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Paging:
    """Page `number`, from 1, of a list of `total` entries."""

    number: int
    size: int
    total: int

    @property
    def count(self) -> int:
        return max(1, ceil(self.total / self.size))

    @property
    def first(self) -> int:
        return min(self.total, (self.number - 1) * self.size + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.number * self.size)


def page_number(text: str) -> int:
    """A page number from 1. An invalid text is 1, and a number too large for the database's integer
    is cut.
    """
    return (
        min(max(1, int(text)), 1_000_000)
        if text.isascii() and text.isdigit() and len(text) < 10
        else 1
    )


def query_of(**values: str) -> str:
    """The filters of a list as the beginning of a query string, without the empty ones."""
    return urlencode({key: value for key, value in values.items() if value})
