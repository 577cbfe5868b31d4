"""How every call to a store leaves: with its token, and with its refusals named."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from brygga.bigcommerce.codes import Code
from brygga.bigcommerce.refusals import problem, refusal
from brygga.bigcommerce.values import Page, ShopUrls
from brygga.core.failures import NeedsMerchant, Unreachable
from brygga.wire import Answer, Call, Gate, Wire, lost
from brygga.wire.door import clean, detail
from brygga.wire.reading import record, records, whole, within

T = TypeVar("T")
PARTLY = 207


class Door:
    """What all subjects share. Nothing is tried twice."""

    def __init__(self, wire: Wire, gate: Gate, urls: ShopUrls, token: str, store_hash: str) -> None:
        self.wire = wire
        self.gate = gate
        self.token = token
        self.store_hash = store_hash
        self.base = f"{urls.api}/stores/{store_hash}"

    def call(self, method: str, path: str, query: Mapping[str, Any] | None = None, **more: Any) -> Call:
        """A call to this store. A PUT or DELETE may be repeated unless it is said otherwise; lists of ids are joined by commas."""
        params = tuple((name, _value(value)) for name, value in (query or {}).items() if value is not None)
        more.setdefault("repeatable", method != "POST")
        return Call("bigcommerce", method, self.base + path, params=params, **more)

    async def send(self, call: Call) -> Answer:
        """The answer of a success (207 is one), or of a status that the call wanted. Raises one of the four failures.

        507 is the plan's limit and no server fault, so it is always read (bigcommerce facts 9).
        """
        answer = await self.wire.send(
            replace(call, headers={**call.headers, "X-Auth-Token": self.token}, wanted=call.wanted | {507}), self.gate
        )
        if answer.status == 404 and problem(answer).says("route is not found"):
            # The address is wrong, not the thing gone (facts 9): a product must never be taken for deleted because of a setting.
            raise Unreachable(Code.UNREACHABLE, detail(call, answer, "no such route"))
        if answer.is_success or (answer.status in call.wanted and answer.status != 507):
            return answer
        if answer.status == 401:
            await self._confirm_gone(call, answer)
        raise refusal(call, answer)

    async def _confirm_gone(self, call: Call, answer: Answer) -> None:
        """A 401 ends the connection only when the cheapest question gets one too (facts 9): a hiccup must not disconnect a merchant."""
        again = self.call("GET", "/v2/time", headers={"X-Auth-Token": self.token}, urgent=call.urgent)
        second = await self.wire.send(again, self.gate)
        if second.status == 401:
            raise NeedsMerchant(Code.ACCESS_GONE, detail(call, answer))
        raise Unreachable(Code.UNREACHABLE, detail(call, answer, "refused, though the token works"))

    async def read(self, call: Call) -> Any:
        """The JSON of a success; None for an answer without a body, as an empty v2 list is (204)."""
        return body_of(call, await self.send(call))

    async def data(self, call: Call) -> Any:
        """What a v3 envelope holds."""
        return record(await self.read(call)).get("data")

    async def object(self, call: Call) -> Mapping[str, Any]:
        """The object of a v3 envelope. One without an id counts as an answer that cannot be read."""
        found = record(await self.data(call))
        if not found:
            raise lost(call, "no object")
        return found

    async def pages(self, call: Call, limit: int) -> list[Mapping[str, Any]]:
        """The rows of a v3 list over all its pages."""
        rows: list[Mapping[str, Any]] = []
        page: int | None = 1
        while page is not None:
            body = await self.read(numbered(call, page, limit))
            rows += records(record(body).get("data"))
            page = following(body, page)
        return rows

    async def page(self, call: Call, page: int, limit: int) -> tuple[list[Mapping[str, Any]], Page[Any]]:
        """The rows of one page, and what the page says of the others."""
        body = await self.read(numbered(call, page, limit))
        total = whole(within(body, "meta", "pagination", "total")) or 0
        return list(records(record(body).get("data"))), Page((), following(body, page), total)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Iterable():
            return ",".join(str(one) for one in value)
        case _:
            return str(value)


def numbered(call: Call, page: int, limit: int) -> Call:
    return replace(call, params=(*call.params, ("page", str(page)), ("limit", str(limit))))


def following(body: Any, page: int) -> int | None:
    """The number of the next page, None on the last. The counts decide, since links may be absent (facts 0)."""
    pagination = record(within(body, "meta", "pagination"))
    pages = whole(pagination.get("total_pages"))
    if pages is not None:
        return page + 1 if page < pages else None
    return page + 1 if within(pagination, "links", "next") else None


def body_of(call: Call, answer: Answer) -> Any:
    """The JSON of an answer. Raises Unreachable or Unanswered when it cannot be read."""
    try:
        return answer.json()
    except ValueError:
        raise lost(call, f"{answer.status} unreadable") from None


def failed_part(call: Call, answer: Answer) -> dict[str, str]:
    """What a 207 did not save, by field; empty for any other success."""
    if answer.status != PARTLY:
        return {}
    found = problem(answer)
    errors = {name: clean(call, words) for name, words in found.errors.items()}
    return errors or {"?": clean(call, found.title)}
