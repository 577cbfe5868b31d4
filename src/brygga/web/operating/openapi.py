"""The endpoints of the operator's API as values, and the OpenAPI document made of them.

The routes are made of the same values (`api`), so that none is missing in the document.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import msgspec

from brygga.web.operating.door import API, Tool, Wrong
from brygga.web.session import AnyRequest

REF: Final = "#/components/schemas/{name}"
LONGEST: Final = 200
"""The longest text of a parameter."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query: a text, unless it has bounds or is a switch."""

    name: str
    said: str
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None
    default: str | int | bool = ""

    def read(self, text: str | None) -> Any:
        """Raises `Wrong`."""
        if text is None:
            return self.default
        if self.bounds is not None:
            return self._number(text, *self.bounds)
        if isinstance(self.default, bool):
            if text not in ("true", "false"):
                raise Wrong(400, "malformed", f"{self.name}: expected true or false")
            return text == "true"
        if self.choices and text not in self.choices:
            raise Wrong(400, "malformed", f"{self.name}: expected one of {', '.join(self.choices)}")
        if len(text) > LONGEST:
            raise Wrong(400, "malformed", f"{self.name}: {LONGEST} characters at most")
        return text

    def _number(self, text: str, low: int, high: int) -> int:
        plain = text.isascii() and text.isdigit() and len(text) < 20
        if not plain or not low <= int(text) <= high:
            raise Wrong(400, "malformed", f"{self.name}: expected a number from {low} to {high}")
        return int(text)

    @property
    def schema(self) -> dict[str, Any]:
        if self.bounds is not None:
            low, high = self.bounds
            return {"type": "integer", "minimum": low, "maximum": high, "default": self.default}
        if isinstance(self.default, bool):
            return {"type": "boolean", "default": self.default}
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "string", "maxLength": LONGEST}


@dataclass(frozen=True, slots=True)
class Question:
    """One request of a tool, read: the connection's number and a product's uuid from the path,
    "" and 0 where the path has none.
    """

    tool: Tool
    number: int
    uuid: str
    query: Mapping[str, Any]
    body: Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` is written after `API`. `body`: the type of the JSON object that a POST brings; all
    of its fields have defaults, and an empty body is the object with all of them.
    """

    method: str
    path: str
    name: str
    said: str
    does: Callable[[Question], Awaitable[Any]]
    answer: Any
    query: tuple[Query, ...] = ()
    body: type[Any] | None = None

    @property
    def acts(self) -> bool:
        return self.method == "POST"

    @property
    def route(self) -> str:
        typed = self.path.replace("{number}", "{number:int}").replace("{uuid}", "{uuid:str}")
        return f"{API}{typed}"


@dataclass(frozen=True, slots=True)
class Problem:
    """`error` is a code for programs, `message` a line for people."""

    error: str
    message: str


async def question(request: AnyRequest, endpoint: Endpoint, tool: Tool) -> Question:
    """Raises `Wrong`."""
    known = {one.name for one in endpoint.query}
    if unknown := sorted(set(request.query_params) - known):
        raise Wrong(400, "malformed", f"unknown parameters: {', '.join(unknown)[:LONGEST]}")
    query = {one.name: one.read(request.query_params.get(one.name)) for one in endpoint.query}
    body = None
    if endpoint.body is not None:
        sent = await request.body()
        try:
            body = msgspec.json.decode(sent or b"{}", type=endpoint.body)
        except msgspec.MsgspecError as wrong:
            raise Wrong(400, "malformed", f"the body: {wrong}"[:LONGEST]) from None
        except RecursionError:
            raise Wrong(400, "malformed", "the body is nested too deep") from None
        except UnicodeError:
            raise Wrong(400, "malformed", "the body is not UTF-8") from None
    number = request.path_params.get("number", 0)
    if not 0 <= number < 2**63:
        raise Wrong(404, "unknown", f"there is no connection {number}")
    uuid = str(request.path_params.get("uuid", ""))
    return Question(tool, number, uuid, query, body)


# ---- The document --------------------------------------------------------------------------------


def document(endpoints: Sequence[Endpoint], public_url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these endpoints."""
    types = [one.answer for one in endpoints if one.answer is not None]
    types += [one.body for one in endpoints if one.body is not None]
    unique = [*dict.fromkeys([*types, Problem])]
    schemas, components = msgspec.json.schema_components(unique, ref_template=REF)
    schema_of = dict(zip(unique, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Brygga for operators",
            "version": version("brygga"),
            "description": "How merchants and their products are doing, and what an operator may "
            "do about it. Nothing here is a secret, a price or anything of a shopper.",
        },
        "servers": [{"url": f"{public_url.rstrip('/')}{API}"}],
        "security": [{"secret": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "secret": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A secret of the operator's. One that may only read is answered "
                    "403 for each POST.",
                }
            },
        },
    }


def _operation(one: Endpoint, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    known = {"number": {"type": "integer", "minimum": 0}, "uuid": {"type": "string"}}
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in known.items()
        if f"{{{name}}}" in one.path
    ]
    parameters += [
        {"name": each.name, "in": "query", "description": each.said, "schema": each.schema}
        for each in one.query
    ]
    problem = _content(schema_of[Problem])
    answers: dict[str, Any] = {
        "200": {
            "description": "done" if one.acts else "the answer",
            "content": _content(schema_of[one.answer] if one.answer else {"type": "object"}),
        },
        "400": {"description": "the request is malformed", "content": problem},
        "401": {"description": "no secret of ours", "content": problem},
        "404": {"description": "there is no such merchant or product", "content": problem},
        "429": {"description": "too many requests", "content": problem},
    }
    if one.acts:
        answers["403"] = {"description": "the secret may only read", "content": problem}
        answers["408"] = {"description": "the body did not come in time", "content": problem}
        answers["409"] = {"description": "it cannot be done now", "content": problem}
        answers["413"] = {"description": "the body is too large", "content": problem}
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.said,
        "parameters": parameters,
        "responses": dict(sorted(answers.items())),
    }
    if one.body is not None:
        made["requestBody"] = {"required": False, "content": _content(schema_of[one.body])}
    return made


def _content(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
