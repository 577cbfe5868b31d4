"""How every call to Zettle is sent: with a token, renewed once, and with its refusals named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit, urlunsplit

from brygga.core.failures import Failure, NeedsMerchant, Refused, Unreachable, fingerprint
from brygga.wire import Answer, Call, Gate, Wire, lost
from brygga.wire.door import clean, detail
from brygga.wire.reading import record, records, text
from brygga.zettle.codes import Code
from brygga.zettle.values import ZettleUrls


class Tokens(Protocol):
    async def __call__(self) -> str:
        """A token that should work now."""
        ...

    async def renew(self, stale: str) -> str:
        """A token other than this one, which Zettle refused."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """An error body of any of Zettle's hosts (zettle facts 2.8). Branch on the status first, then
    on `kind`.
    """

    kind: str = ""
    words: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


BY_KIND = {
    "PRODUCT_NOT_TRACKED": Code.NOT_TRACKED,
    "ENTITY_NOT_FOUND": Code.ITEM_UNKNOWN,
    "ITEM_ALREADY_EXIST": Code.PRODUCT_EXISTS,
    "SUBSCRIPTION_ALREADY_EXIST": Code.SUBSCRIPTION_EXISTS,
    "SUBSCRIPTION_NOT_FOUND": Code.SUBSCRIPTION_GONE,
}
NO_DESTINATION = ("DESTINATION_NOT_ACCESSIBLE", "DESTINATION_RESPONDED_WITH_ERROR_CODE")


class Door:
    """What all subjects share. Only a call whose token had just expired is sent again; Zettle did
    not carry it out.
    """

    def __init__(self, wire: Wire, gate: Gate, urls: ZettleUrls, tokens: Tokens) -> None:
        self.wire = wire
        self.gate = gate
        self.urls = urls
        self.tokens = tokens

    async def prove_access(self) -> None:
        """Raises `NeedsMerchant` where the merchant has taken our access away. An access token may
        live on until its end (zettle facts 1.7), so the refresh token is asked."""
        await self.tokens.renew(await self.tokens())

    async def send(self, call: Call) -> Answer:
        """The answer of a success, or of a status that the call wanted. Raises one of the four
        failures.
        """
        token = await self.tokens()
        answer = await self._send_as(call, token)
        if answer.status == 401:
            token = await self.tokens.renew(token)
            answer = await self._send_as(call, token)
        if answer.is_success or answer.status in call.wanted:
            return answer
        if answer.status == 404 and call.method == "GET":
            # A call that can ask for something that is gone says so in `wanted`; all other
            # addresses always exist.
            raise lost(call, "404 for what is always there")
        failure = refusal(call, answer)
        if isinstance(failure, NeedsMerchant):
            failure.access = fingerprint(token)
        raise failure

    async def _send_as(self, call: Call, token: str) -> Answer:
        return await self.wire.send(
            replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"}), self.gate
        )

    async def read(self, call: Call) -> tuple[Any, Answer]:
        """The JSON of a success, and its answer. A body that cannot be read counts as lost after
        sending.
        """
        answer = await self.send(call)
        return body_of(call, answer), answer

    async def read_all(self, call: Call) -> list[Any]:
        """The rows of a list over all its pages, following `Link` (zettle facts 2.2, 3.4).

        An empty list is `[]`. An answer without a list is no answer (decision 15).
        """
        return await self.rest(call, await self.send(call))

    async def rest(self, call: Call, answer: Answer) -> list[Any]:
        """The rows of this page and of all that follow."""
        rows: list[Any] = []
        while True:
            rows += list_of(call, answer)
            page = following(call, answer)
            if page is None:
                return rows
            call, answer = page, await self.send(page)


def body_of(call: Call, answer: Answer) -> Any:
    """The JSON of an answer. Raises Unreachable or Unanswered when it cannot be read."""
    try:
        return answer.json()
    except ValueError:
        raise lost(call, f"{answer.status} unreadable") from None


def list_of(call: Call, answer: Answer) -> list[Any]:
    """The list that an answer must be. Raises Unreachable or Unanswered for anything else (decision
    15).
    """
    body = body_of(call, answer)
    if not isinstance(body, list):
        raise lost(call, f"{answer.status} no list")
    return body


def object_of(call: Call, answer: Answer, *names: str) -> Mapping[str, Any]:
    """The object that an answer must be, with these fields in it. Raises as `list_of` does
    (decision 15).
    """
    body = record(body_of(call, answer))
    if missing := [name for name in names if body.get(name) is None]:
        raise lost(call, f"{answer.status} without {', '.join(missing)}")
    return body


def following(call: Call, answer: Answer) -> Call | None:
    """The call for the next page; None on the last."""
    url = next_link(answer.headers.get("link", ""))
    if not url:
        return None
    # Our token is never sent to another host. When the link's host differs (a proxy), only its
    # query is used.
    target, own = urlsplit(urljoin(call.url, url)), urlsplit(call.url)
    if (target.scheme, target.netloc) != (own.scheme, own.netloc):
        target = target._replace(scheme=own.scheme, netloc=own.netloc, path=own.path)
    return replace(call, url=urlunsplit(target), params=())


def next_link(header: str) -> str:
    """The address with rel="next" in a Link header, among any others."""
    for part in header.split("<")[1:]:
        url, _, attributes = part.partition(">")
        relations = [
            piece.partition("=")[2].strip(' ",')
            for piece in attributes.split(";")
            if "rel" in piece.lower()
        ]
        if any("next" in relation.split() for relation in relations):
            return url.strip()
    return ""


def problem(answer: Answer) -> Problem:
    """The error in the body; empty when the body cannot be read."""
    try:
        body = record(answer.json())
    except ValueError:
        return Problem()
    errors = {
        text(one.get("propertyName")) or "?": text(one.get("developerMessage"))
        or text(one.get("constraintType"))
        for one in records(body.get("violations"))
    }
    words = (
        text(body.get("developerMessage"))
        or text(body.get("error_description"))
        or text(body.get("message"))
    )
    return Problem(text(body.get("errorType")) or text(body.get("error")), words, errors)


def refusal(call: Call, answer: Answer) -> Failure:
    """The meaning of a status and body that the call did not want (zettle facts 1.4, 2.8, 4.1)."""
    found = problem(answer)
    reported = detail(call, answer, f"{found.kind} {found.words}".strip())
    errors = {name: clean(call, words) for name, words in found.errors.items()}
    if answer.status == 401 and "EXPIRED" in answer.headers.get("www-authenticate", "").upper():
        # Our token was renewed a moment ago, so we have access: Zettle's answer is wrong for a
        # while.
        return Unreachable(Code.UNREACHABLE, reported, after_s=60)
    if answer.status == 401:
        return NeedsMerchant(Code.ACCESS_GONE, reported)
    if answer.status == 403:
        return NeedsMerchant(Code.SCOPE_MISSING, reported)
    if found.kind in NO_DESTINATION:
        return Unreachable(Code.DESTINATION_UNREACHABLE, reported, after_s=60)
    if answer.status >= 500:
        return lost(call, str(answer.status))
    code = BY_KIND.get(found.kind)
    if code is None and answer.status == 404:
        code = Code.ITEM_UNKNOWN
    if code is None:
        code = Code.INPUT_REFUSED if errors or answer.status in (400, 422) else Code.REFUSED
    return Refused(code, reported, answer.status, errors)


def chunks(items: Sequence[str], size: int) -> list[list[str]]:
    """The items in order, in lists of at most that size."""
    return [list(items[at : at + size]) for at in range(0, len(items), size)]
