"""The entries of the sync log's page: one line each, or many lines with one cause together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from brygga.core.report import Severity
from brygga.database.synclog import Logged

LEAST: Final = 3
"""So many products with one cause are one entry."""
SHOWN: Final = 20
"""The lines of a group that the page has. The others are behind a link."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines with one cause, newest first. `products` counts the products that they are about."""

    lines: tuple[Logged, ...]
    products: int = 0

    @property
    def is_many(self) -> bool:
        return self.products >= LEAST


def grouped(
    lines: Sequence[Logged], may_group: Callable[[Logged], bool], size: int
) -> tuple[tuple[Group, ...], int]:
    """About `size` entries of these lines, newest first, and how many of the lines they cover.

    Problems of one code and one reason come together at the place of the newest, also where other
    lines stand between them. Fewer than `LEAST` products stay single lines.
    """
    found: dict[tuple[str, str], list[Logged]] = {}
    covered = 0
    for logged in lines:
        key = _key(logged) if may_group(logged) else ("", str(logged.id))
        if key not in found and len(found) == size:
            break
        found.setdefault(key, []).append(logged)
        covered += 1
    groups: list[tuple[int, Group]] = []
    for some in found.values():
        products = len({one.line.subject for one in some})
        if len(some) > 1 and products >= LEAST:
            groups.append((some[0].id, Group(tuple(some), products)))
        else:
            groups += [(one.id, Group((one,))) for one in some]
    groups.sort(key=lambda one: one[0], reverse=True)
    return tuple(group for _, group in groups), covered


def _key(logged: Logged) -> tuple[str, str]:
    params = logged.line.params
    return logged.line.code.value, params.get("reason", "") or params.get("cause", "")


def is_problem(logged: Logged) -> bool:
    return logged.line.severity is not Severity.INFO and logged.line.subject != ""
