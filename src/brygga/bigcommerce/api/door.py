"""How every call to a store is sent: with its token, and with its refusals named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from brygga.bigcommerce.codes import Code
from brygga.bigcommerce.refusals import problem, refusal
from brygga.bigcommerce.values import Page, ShopUrls
from brygga.core.failures import NeedsMerchant, Unreachable, fingerprint
from brygga.wire import Answer, Call, Gate, Wire, lost
from brygga.wire.door import clean, detail
from brygga.wire.reading import record, records, whole, within

T = TypeVar("T")
PARTLY = 207
DENIED = frozenset({401, 403})
"""The answers to a token that another approval has replaced: it is invalid, or lacks the new right.
"""


class Tokens(Protocol):
    async def __call__(self) -> str:
        """The token to use now."""
        ...

    async def renew(self, stale: str) -> str:
        """The token in the database now: `stale` again when nobody has approved the app since."""
        ...


@dataclass(frozen=True, slots=True)
class OnlyToken:
    """A token that nobody replaces while it is used."""

    token: str = field(repr=False)

    async def __call__(self) -> str:
        return self.token

    async def renew(self, stale: str) -> str:
        return self.token


class Door:
    """What all subjects share. Only a call whose token had just been replaced is sent again;
    BigCommerce did not carry it out.
    """

    def __init__(
        self, wire: Wire, gate: Gate, urls: ShopUrls, token: str | Tokens, store_hash: str
    ) -> None:
        self.wire = wire
        self.gate = gate
        self.tokens: Tokens = OnlyToken(token) if isinstance(token, str) else token
        self.store_hash = store_hash
        self.base = f"{urls.api}/stores/{store_hash}"

    def call(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, **more: Any
    ) -> Call:
        """A call to this store. By default a PUT or DELETE may be repeated; lists of ids are joined
        by commas.
        """
        params = tuple(
            (name, _value(value)) for name, value in (query or {}).items() if value is not None
        )
        more.setdefault("repeatable", method != "POST")
        return Call("bigcommerce", method, self.base + path, params=params, **more)

    async def send(self, call: Call) -> Answer:
        """The answer of a success (207 is one), or of a status that the call wanted. Raises one of
        the four failures.

        507 is the plan's limit, not a server error, so it is always read (bigcommerce facts 9).
        """
        answer, token = await self._send_as_now(replace(call, wanted=call.wanted | {507}))
        if answer.status == 404 and problem(answer).says("route is not found"):
            # The address is wrong; the object is not gone (bigcommerce facts 9). A wrong setting
            # must never make a product count as deleted.
            raise Unreachable(Code.UNREACHABLE, detail(call, answer, "no such route"))
        if answer.is_success or (answer.status in call.wanted and answer.status != 507):
            return answer
        if answer.status == 401:
            await self._confirm_gone(call, answer)
        failure = refusal(call, answer)
        if isinstance(failure, NeedsMerchant) and answer.status in DENIED:
            failure.access = fingerprint(token)
        raise failure

    async def _send_as_now(self, call: Call) -> tuple[Answer, str]:
        """The answer, and the token of that call. A merchant who approves the app again replaces
        the token while calls are under way (bigcommerce facts 1.4): those calls are sent again with
        the new one.
        """
        token = await self.tokens()
        while True:
            headers = {**call.headers, "X-Auth-Token": token}
            answer = await self.wire.send(replace(call, headers=headers), self.gate)
            current = token if answer.status not in DENIED else await self.tokens.renew(token)
            if current == token:
                return answer, token
            token = current

    async def _confirm_gone(self, call: Call, answer: Answer) -> None:
        """A 401 ends the connection only when the cheapest read gets one too (bigcommerce facts 9).

        A temporary error must not disconnect a merchant.
        """
        second, token = await self._send_as_now(self.call("GET", "/v2/time", urgent=call.urgent))
        if second.status == 401:
            raise NeedsMerchant(Code.ACCESS_GONE, detail(call, answer), fingerprint(token))
        raise Unreachable(Code.UNREACHABLE, detail(call, answer, "refused, though the token works"))

    async def read(self, call: Call) -> Any:
        """The JSON of a success. 404 is no answer: every store has what is read this way."""
        return body_of(call, await self._always(call))

    async def _always(self, call: Call) -> Answer:
        if call.method != "GET":
            return await self.send(call)
        answer = await self.send(replace(call, wanted=call.wanted | {404}))
        if answer.status == 404:
            raise lost(call, "404 for what is always there")
        return answer

    async def v2_list(self, call: Call) -> list[Any]:
        """The rows of a v2 list: without an envelope, and 204 without a body when it is empty
        (bigcommerce facts 0).
        """
        answer = await self._always(call)
        if answer.status == 204:
            return []
        body = body_of(call, answer)
        if not isinstance(body, list):
            raise lost(call, f"{answer.status} no list")
        return body

    async def data(self, call: Call) -> Any:
        """What a v3 envelope holds. An answer without an envelope is no answer (decision 15)."""
        body = record(await self.read(call))
        if body.get("data") is None:
            raise lost(call, "no data")
        return body["data"]

    async def rows(self, call: Call) -> list[Mapping[str, Any]]:
        """The rows of a v3 list that has no pages, whose meta says nothing: only the list itself
        shows that it is empty.
        """
        found = await self.data(call)
        if not isinstance(found, list):
            raise lost(call, "no list")
        return [*records(found)]

    async def object(self, call: Call) -> Mapping[str, Any]:
        """The object of a v3 envelope. An empty one counts as an answer that cannot be read."""
        found = record(await self.data(call))
        if not found:
            raise lost(call, "no object")
        return found

    async def pages(
        self, call: Call, limit: int, *, of_one: bool = False
    ) -> list[Mapping[str, Any]]:
        """The rows of a v3 list over all its pages. `of_one`: a list of one product or order, which
        may be gone (Refused).
        """
        rows: list[Mapping[str, Any]] = []
        page: int | None = 1
        while page is not None:
            some, body = await self._page(call, page, limit, of_one=of_one)
            rows += some
            page = following(body, page)
        return rows

    async def page(
        self, call: Call, page: int, limit: int
    ) -> tuple[list[Mapping[str, Any]], Page[Any]]:
        """The rows of one page, and what the page says about the others."""
        rows, body = await self._page(call, page, limit)
        total = whole(within(body, "meta", "pagination", "total")) or 0
        return rows, Page((), following(body, page), total)

    async def _page(
        self, call: Call, page: int, limit: int, *, of_one: bool = False
    ) -> tuple[list[Mapping[str, Any]], Any]:
        """One page, and its whole body.

        An empty list is accepted only when its counts say that it is empty: `{"data": [], "meta":
        {}}` is no answer (decision 15). A product without pictures may also answer 204 (bigcommerce
        facts 3.10).
        """
        numbered_ = numbered(call, page, limit)
        answer = await (self.send(numbered_) if of_one else self._always(numbered_))
        if of_one and answer.status == 204:
            return [], {}
        body = body_of(call, answer)
        rows = record(body).get("data")
        if not isinstance(rows, list):
            raise lost(call, f"{answer.status} no list")
        if not rows and not is_empty(body, page):
            raise lost(call, f"{answer.status} an empty list without its counts")
        return [*records(rows)], body


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
    """The number of the next page, None on the last. The counts decide, because links may be absent
    (bigcommerce facts 0).
    """
    pagination = record(within(body, "meta", "pagination"))
    pages = whole(pagination.get("total_pages"))
    if pages is not None:
        return page + 1 if page < pages else None
    return page + 1 if within(pagination, "links", "next") else None


def is_empty(body: Any, page: int) -> bool:
    """Whether a page without rows says itself that there are none. A page after the last may be
    requested while rows are being deleted.
    """
    pagination = record(within(body, "meta", "pagination"))
    total, pages = whole(pagination.get("total")), whole(pagination.get("total_pages"))
    if total is None and pages is None:
        return False
    return not total if page == 1 else page >= (pages or 0)


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
