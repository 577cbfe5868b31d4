"""What nobody could know: a write to BigCommerce that never took effect, and an edit of the same variant in the same moment.

Only the simulation sees that a write did not arrive. The service is told of an edit at a time at which its own write could have been made,
and by an amount that may be the write's; nothing that BigCommerce says tells them apart (docs/simulation.md).
"""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from brygga.sandbox.faults import AFTER, Faults, Rule
from brygga.sandbox.http import Handler, Request, Response

ADJUST = "/inventory/adjustments/relative"
BEFORE_S, AFTER_S = 1.0, 5.0
"""An edit in so many seconds before or after our write left can be taken for it: hooks count whole seconds (bigcommerce facts 6.2)."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Our change of one item, which never took effect."""

    at: float
    store: str
    item: tuple[str, int]
    quantity: int


@dataclass
class Coincidences:
    unwritten: list[Unwritten] = field(default_factory=list)
    edits: list[tuple[float, int, str]] = field(default_factory=list)
    """When somebody edited which variant in the shop: time, connection, Zettle variant."""

    def watch(self, faults: Faults, now: Any) -> None:
        """Sees what strikes a write before its effect."""
        strike = faults.strike

        async def seen(rule: Rule, request: Request, handler: Handler) -> Response:
            if rule.kind not in AFTER:
                self.lost(now(), request.path, request.body)
            return await strike(rule, request, handler)

        faults.strike = seen  # type: ignore[method-assign]

    def cut(self, at: float, request: httpx2.Request) -> None:
        """The process died before it left."""
        if request.url.path.endswith(ADJUST):
            self.lost(at, request.url.path, request.content)

    def lost(self, at: float, path: str, body: bytes) -> None:
        if not path.endswith(ADJUST):
            return
        for item in json.loads(body)["items"]:
            key = "product_id" if "product_id" in item else "variant_id"
            self.unwritten.append(Unwritten(at, path, (key, item[key]), item["quantity"]))

    def explain(self, store: str, of: tuple[Any, Any], edited: tuple[int, str], error: int) -> bool:
        """Whether a number that is wrong by `error` is what an edit makes that was taken for a write of ours of that size."""
        items = {("product_id", of[0].id), ("variant_id", of[1].id)}
        return any(
            lost.quantity == -error
            and lost.item in items
            and f"/{store}/" in lost.store
            and self._edited(lost.at, edited)
            for lost in self.unwritten
        )

    def _edited(self, at: float, of: tuple[int, str]) -> bool:
        return any((c, v) == of and at - BEFORE_S <= when <= at + AFTER_S for when, c, v in self.edits)
