"""The client of the questions: plain HTTP to either platform, objects of our own to ask about, and
their removal.

Every object has a name that only this run uses, and is in the journal before it is created. Only
objects in the journal are ever changed or deleted.
"""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from brygga_sandbox.certify.journal import Journal, Made

JSON = dict[str, Any]
TRIES = 8


class Unclear(Exception):
    """The question could not be answered here. The text gives the reason."""


@dataclass(frozen=True, slots=True)
class Place:
    """The addresses and tokens for the questions. A platform without a token is not asked.

    `shop` is a store's API without the version (".../stores/abc123"); the others are Zettle's
    hosts. `picture` is the address of any public picture, for the questions about images.
    """

    shop: str = ""
    shop_token: str = ""
    products: str = "https://products.izettle.com"
    inventory: str = "https://inventory.izettle.com"
    secure: str = "https://secure.izettle.com"
    zettle_token: str = ""
    picture: str = ""
    zettle_account: str = ""
    """The organization's uuid, because all accounts share their hosts."""

    @property
    def till(self) -> str:
        """The account in the journal."""
        return f"{self.products}#{self.zettle_account}"


@dataclass
class Bench:
    """Asks, and records every exchange of the current question as evidence."""

    place: Place
    http: httpx2.AsyncClient
    dice: random.Random
    sleep: Callable[[float], Awaitable[None]]
    journal: Journal = field(default_factory=Journal)
    evidence: list[str] = field(default_factory=list)
    throttled: dict[str, httpx2.Response] = field(default_factory=dict)
    """By platform, an answer that refused a call for its rate, if there was one."""
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.run = "".join(self.dice.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(8))

    # -- asking

    async def shop(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: JSON | None = None,
        token: str | None = None,
    ) -> httpx2.Response:
        """A call to the store. `path` begins with /v2 or /v3. Raises Unclear if the store gives no
        usable answer.
        """
        headers = {
            "X-Auth-Token": self.place.shop_token if token is None else token,
            "Accept": "application/json",
        }
        answer = await self._ask(method, self.place.shop + path, body, query, headers)
        return said(answer, may_refuse=token is not None)

    async def together(
        self, method: str, path: str, bodies: Sequence[Any]
    ) -> list[httpx2.Response]:
        """Several calls to the store at the same time, once each. A 429 is not retried."""
        headers = {"X-Auth-Token": self.place.shop_token, "Accept": "application/json"}
        calls = [
            self.http.request(method, self.place.shop + path, headers=headers, json=body)
            for body in bodies
        ]
        answers = list(await asyncio.gather(*calls))
        self.evidence += [
            f"{method} {path} (together) -> {answer.status_code} {title_of(answer)}"
            for answer in answers
        ]
        return answers

    async def cut(self, method: str, path: str, body: Any, after_s: float) -> None:
        """A call to the store whose connection we close after this time, answered or not. The
        header informs the sandbox, which cannot notice it.
        """
        headers = {"X-Auth-Token": self.place.shop_token, "X-Sandbox-Cut": "1"}
        call = self.http.request(method, self.place.shop + path, headers=headers, json=body)
        try:
            answer = await asyncio.wait_for(call, after_s)
        except (TimeoutError, httpx2.HTTPError) as error:
            self.evidence.append(
                f"{method} {path} (cut after {after_s:.2f} s) -> {type(error).__name__}"
            )
        else:
            self.evidence.append(
                f"{method} {path} (within {after_s:.2f} s) -> {answer.status_code}"
            )

    async def till(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        host: str = "products",
    ) -> httpx2.Response:
        """A call to one of Zettle's hosts. Raises Unclear if the host gives no usable answer.
        Organization details may be refused.
        """
        own = {"Authorization": f"Bearer {self.place.zettle_token}", **(headers or {})}
        answer = await self._ask(method, getattr(self.place, host) + path, body, None, own)
        return said(answer, may_refuse="Authorization" in (headers or {}) or host == "secure")

    async def _ask(
        self, method: str, url: str, body: Any, query: JSON | None, headers: dict[str, str]
    ) -> httpx2.Response:
        content = (
            {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        )
        if isinstance(body, bytes):
            headers = {**headers, "Content-Type": "application/json"}
        for attempt in range(TRIES):
            answer = await self.http.request(method, url, params=query, headers=headers, **content)
            if answer.status_code != 429:
                break
            self.throttled[
                "shop" if self.place.shop and url.startswith(self.place.shop) else "till"
            ] = answer
            await self.sleep(wait_of(answer, attempt))
        self.evidence.append(
            f"{method} {httpx2.URL(url).path} -> {answer.status_code} {title_of(answer)}".strip()
        )
        return answer

    # -- our own objects

    def name(self) -> str:
        """A unique name that shows its owner."""
        self._numbers += 1
        return f"Brygga certify {self.run} {self._numbers}"

    def uuid1(self) -> str:
        """A uuid of version 1, as Zettle requires (zettle facts 2.7)."""
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=1))

    async def try_product(self, **fields: Any) -> httpx2.Response:
        """Ask the store to create a hidden product. If it is created, we must remove it."""
        name = str(fields.pop("name", self.name()))
        assert self.run in name
        made = self.journal.begin("shop product", name, self.place.shop)
        body = {
            "name": name,
            "type": "physical",
            "weight": 0,
            "price": 1,
            "categories": [],
            "is_visible": False,
            **fields,
        }
        answer = await self.shop(
            "POST", "/v3/catalog/products", {key: body[key] for key in body if body[key] is not ...}
        )
        if answer.status_code in {200, 207}:
            self.journal.named(made, str(answer.json()["data"]["id"]))
        elif refused(answer):
            self.journal.removed(made)
        return answer

    async def product(self, **fields: Any) -> JSON:
        """A product created in the store."""
        return data(await self.try_product(**fields))

    async def coloured(self, *colours: str, **fields: Any) -> JSON:
        """A product with one option and a variant for each value, with its children read."""
        rows = [
            {
                "sku": f"{self.name()} {colour}".replace(" ", "-"),
                "option_values": [{"option_display_name": "Colour", "label": colour}],
            }
            for colour in colours
        ]
        made = await self.product(variants=rows, **fields)
        return await self.read(int(made["id"]))

    async def read(self, product_id: int) -> JSON:
        """A product with its children."""
        return data(
            await self.shop(
                "GET",
                f"/v3/catalog/products/{product_id}",
                query={"include": "variants,options,images,videos"},
            )
        )

    async def try_till_product(self, **fields: Any) -> httpx2.Response:
        """Ask Zettle to create a product. If it is created, we must remove it."""
        body = {
            "uuid": self.uuid1(),
            "name": self.name(),
            "variants": [{"uuid": self.uuid1()}],
            **fields,
        }
        made = self.journal.begin("till product", str(body["uuid"]), self.place.till)
        self.journal.named(made, str(body["uuid"]))
        answer = await self.till("POST", "/organizations/self/products?returnEntity=true", body)
        if refused(answer):
            self.journal.removed(made)
        return answer

    async def till_product(self, **fields: Any) -> JSON:
        """A product created in Zettle, as a read returns it."""
        answer = await self.try_till_product(**fields)
        if answer.status_code != 201:
            raise Unclear(
                f"Zettle did not take a plain product: {answer.status_code} {title_of(answer)}"
            )
        made: JSON = answer.json() if answer.content else {}
        return made or await self.till_read(self.journal.left(self.place.till)[0].id)

    async def till_read(self, product_uuid: str) -> JSON:
        found: JSON = (
            await self.till("GET", f"/organizations/self/products/{product_uuid}")
        ).json()
        return found

    # -- removal

    async def clean_up(self) -> list[str]:
        """Remove every remaining object of ours. Returns what could not be removed."""
        stuck = []
        sides = (
            (self.place.shop, self.place.shop_token),
            (self.place.till, self.place.zettle_token),
        )
        for place in [place for place, token in sides if token]:
            for made in self.journal.left(place):
                try:
                    gone = await REMOVALS[made.kind](self, made)
                except (httpx2.HTTPError, Unclear):
                    gone = False
                if gone:
                    self.journal.removed(made)
                else:
                    stuck.append(f"{made.kind} {made.id or made.name}")
        return stuck


async def remove_shop_product(bench: Bench, made: Made) -> bool:
    """Remove it by its id. If its creation was never answered, find it by its name, which only we
    use.
    """
    numbers = [made.id] if made.id else []
    if not numbers:
        listed = await bench.shop("GET", "/v3/catalog/products", query={"name": made.name})
        if listed.status_code != 200:
            return False
        numbers = [str(one["id"]) for one in listed.json()["data"] if one["name"] == made.name]
    answers = [await bench.shop("DELETE", f"/v3/catalog/products/{number}") for number in numbers]
    return all(answer.status_code in {204, 404} for answer in answers)


async def remove_category(bench: Bench, made: Made) -> bool:
    path, numbers = "/v3/catalog/trees/categories", [made.id] if made.id else []
    if not numbers:
        listed = await bench.shop("GET", path, query={"name": made.name})
        numbers = [
            str(one["category_id"]) for one in listed.json()["data"] if one["name"] == made.name
        ]
    answers = [
        await bench.shop("DELETE", path, query={"category_id:in": number}) for number in numbers
    ]
    return all(answer.status_code in {200, 202, 204, 404} for answer in answers)


async def remove_hook(bench: Bench, made: Made) -> bool:
    """Remove every webhook with that destination. Only we use the destination."""
    listed = await bench.shop("GET", "/v3/hooks", query={"destination": made.name})
    rows = listed.json()["data"] if listed.status_code == 200 else []
    numbers = {str(one["id"]) for one in rows if one["destination"] == made.name} | (
        {made.id} - {""}
    )
    answers = [await bench.shop("DELETE", f"/v3/hooks/{number}") for number in sorted(numbers)]
    return all(answer.status_code in {200, 204, 404} for answer in answers)


async def remove_till_product(bench: Bench, made: Made) -> bool:
    answer = await bench.till("DELETE", f"/organizations/self/products/{made.id}")
    return answer.status_code in {204, 404}


REMOVALS: dict[str, Callable[[Bench, Made], Awaitable[bool]]] = {
    "shop product": remove_shop_product,
    "category": remove_category,
    "webhook": remove_hook,
    "till product": remove_till_product,
}


def said(answer: httpx2.Response, *, may_refuse: bool) -> httpx2.Response:
    """An answer to the question. Raises Unclear for one that is about the platform's health (5xx)
    or about our access (401, 403).

    `may_refuse`: the question asks how a client without the right is refused.
    """
    if answer.status_code >= 500 or (answer.status_code in {401, 403} and not may_refuse):
        raise Unclear(f"the call was answered with {answer.status_code} {title_of(answer)}".strip())
    return answer


def refused(answer: httpx2.Response) -> bool:
    """True if certainly nothing was created. False for a time-out of the platform's own, whose
    outcome is unknown.
    """
    return 400 <= answer.status_code < 500 and answer.status_code not in {408, 499}


def data(answer: httpx2.Response) -> JSON:
    """The content of a v3 envelope. Raises Unclear for a refusal."""
    if answer.status_code >= 300:
        raise Unclear(f"{answer.status_code} {title_of(answer)}")
    found: JSON = answer.json()["data"]
    return found


def title_of(answer: httpx2.Response) -> str:
    """A short text of a refusal."""
    if answer.status_code < 300:
        return ""
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:80]
    named = body.get("errors", body) if isinstance(body, dict) and "title" not in body else body
    words = named if isinstance(named, dict) else {}
    return str(words.get("title") or words.get("errorType") or words.get("developerMessage") or "")[
        :120
    ]


def wait_of(answer: httpx2.Response, attempt: int) -> float:
    """How long a 429 asks to wait. Without a value the wait grows each time."""
    if answer.headers.get("X-Rate-Limit-Requests-Left") == "0":
        return int(answer.headers.get("X-Rate-Limit-Time-Reset-Ms", "30000")) / 1000 + 0.1
    return float(answer.headers.get("Retry-After", 2**attempt))
