"""Sales and refunds at the till, to explain a line in the log. They never drive stock."""

from datetime import UTC, datetime
from urllib.parse import quote

from brygga.core.failures import Refused
from brygga.wire import Answer, Call
from brygga.wire.door import detail
from brygga.wire.reading import record, records, text
from brygga.zettle import shapes
from brygga.zettle.api.door import Door, body_of
from brygga.zettle.codes import Code
from brygga.zettle.values import Purchase, PurchasePage

PAGE = 200


class PurchaseCalls(Door):
    async def purchases(self, start: datetime, cursor: str = "", limit: int = PAGE) -> PurchasePage:
        """Purchases since `start`, oldest first, after `cursor`. Raises Refused when sales may not be read."""
        params: tuple[tuple[str, str], ...] = (
            ("startDate", start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")),
            ("limit", str(limit)),
        )
        if cursor:
            params += (("lastPurchaseHash", cursor),)
        call = Call("zettle", "GET", f"{self.urls.purchase}/purchases/v2", params=params, wanted=frozenset({403}))
        body = record(body_of(call, _open(call, await self.send(call))))
        found = tuple(shapes.purchase(raw) for raw in records(body.get("purchases")))
        return PurchasePage(found, text(body.get("lastPurchaseHash")) or cursor)

    async def purchase(self, uuid: str) -> Purchase | None:
        """One purchase; None when there is none. Raises Refused when sales may not be read."""
        url = f"{self.urls.purchase}/purchase/v2/{quote(uuid, safe='')}"
        call = Call("zettle", "GET", url, wanted=frozenset({403, 404}))
        answer = _open(call, await self.send(call))
        return None if answer.status == 404 else shapes.purchase(record(body_of(call, answer)))


def _open(call: Call, answer: Answer) -> Answer:
    # A missing right to read sales only costs an explanation: it must not pause the connection.
    if answer.status == 403:
        raise Refused(Code.PURCHASES_CLOSED, detail(call, answer), 403)
    return answer
