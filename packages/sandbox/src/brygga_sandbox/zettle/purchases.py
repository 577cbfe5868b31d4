"""The purchase host: sales and refunds, read only (zettle facts 5)."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle.answers import refusal, unknown
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.paging import is_true, limit_of, opened, sealed
from brygga_sandbox.zettle.state import JSON

THREE_YEARS_S = 3 * 365 * 86_400
DEFAULT_PAGE, MOST = 200, 1000


def mount(router: Router, core: Core) -> None:
    """Both calls of the purchase host."""
    host = Purchases(core)
    router.add("GET", "/purchase/purchases/v2", core.guarded("READ:PURCHASE", host.listing))
    router.add("GET", "/purchase/purchase/v2/{uuid}", core.guarded("READ:PURCHASE", host.one))


def moment(text: str) -> float:
    """2024-01-01 or 2024-01-01T17:00 in UTC; 400 for anything else (5.1)."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise Answer(refusal(400, f"Invalid date {text}")) from error
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def when(purchase: JSON) -> float:
    """The time of a purchase, from its own text."""
    return datetime.strptime(purchase["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


class Purchases:
    """The handlers."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def listing(self, request: Request, caller: Caller) -> Response:
        """Purchases between two times, after a cursor. An empty page is the end (5.1)."""
        start, end = request.value("startDate"), request.value("endDate")
        since = max(moment(start) if start else 0, self.core.now() - THREE_YEARS_S)
        until = moment(end) if end else float("inf")
        numbered = enumerate(caller.organization.purchases)
        rows = [(number, row) for number, row in numbered if since <= when(row) < until]
        descending, cursor = is_true(request, "descending"), request.value("lastPurchaseHash")
        if descending:
            rows.reverse()
        if cursor:
            at = opened(cursor, int)
            rows = [(n, row) for n, row in rows if (n < at if descending else n > at)]
        return json_response(self.page(request, rows[: limit_of(request, DEFAULT_PAGE, MOST)]))

    def page(self, request: Request, rows: list[tuple[int, JSON]]) -> JSON:
        if not rows:
            return {"purchases": [], "linkUrls": []}
        first, last = sealed(rows[0][0]), sealed(rows[-1][0])
        kept = [(name, value) for name, value in request.query if name != "lastPurchaseHash"]
        here = (
            f"<{request.base_url}{request.path}?{urlencode([*kept, ('lastPurchaseHash', last)])}>"
        )
        answer: JSON = {
            "purchases": [row for _, row in rows],
            "firstPurchaseHash": first,
            "lastPurchaseHash": last,
        }
        return {**answer, "linkUrls": [f'{here}; rel="next"']}

    async def one(self, request: Request, caller: Caller) -> Response:
        number = caller.organization.purchase_at.get(request.params["uuid"])
        if number is None:
            return unknown("Purchase")
        return json_response(caller.organization.purchases[number])
