"""Zettle sales and refunds, to explain a line in the log. They never drive stock."""

from datetime import UTC, datetime
from urllib.parse import quote

from brygga.core.failures import Refused
from brygga.wire import Answer, Call, lost
from brygga.wire.door import detail
from brygga.wire.reading import records, text
from brygga.zettle import shapes
from brygga.zettle.api.door import Door, object_of
from brygga.zettle.codes import Code
from brygga.zettle.values import Purchase, PurchasePage

PAGE = 200


class PurchaseCalls(Door):
    async def purchases(self, start: datetime, cursor: str = "", limit: int = PAGE) -> PurchasePage:
        """Purchases since `start`, oldest first, after `cursor`. Raises Refused when sales cannot
        be read.
        """
        params: tuple[tuple[str, str], ...] = (
            ("startDate", start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")),
            ("limit", str(limit)),
        )
        if cursor:
            params += (("lastPurchaseHash", cursor),)
        call = Call(
            "zettle",
            "GET",
            f"{self.urls.purchase}/purchases/v2",
            params=params,
            wanted=frozenset({403}),
        )
        # The page after the last one has an empty list of purchases (zettle facts 5.1).
        body = object_of(call, _open(call, await self.send(call)), "purchases")
        if not isinstance(body["purchases"], list):
            raise lost(call, "no list of purchases")
        found = tuple(shapes.purchase(raw) for raw in records(body["purchases"]))
        return PurchasePage(found, text(body.get("lastPurchaseHash")) or cursor)

    async def purchase(self, uuid: str) -> Purchase | None:
        """One purchase; None when there is none. Raises Refused when sales cannot be read."""
        url = f"{self.urls.purchase}/purchase/v2/{quote(uuid, safe='')}"
        call = Call("zettle", "GET", url, wanted=frozenset({403, 404}))
        answer = _open(call, await self.send(call))
        if answer.status == 404:
            return None
        found = shapes.purchase(object_of(call, answer))
        if not found.uuid:
            raise lost(call, "no purchase")
        return found


def _open(call: Call, answer: Answer) -> Answer:
    # A missing right to read sales only costs an explanation: it must not pause the connection.
    if answer.status == 403:
        raise Refused(Code.PURCHASES_CLOSED, detail(call, answer), 403)
    return answer
