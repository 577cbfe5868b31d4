"""The operations of the OpenAPI files: found by method and path, each with its parameters and
bodies ready to be checked.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox_tests.specs.schemas import JSON, Schemas, at

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
METHODS = ("get", "put", "post", "delete", "patch")
ZETTLE = "product-library-openapi-1.0.0.yaml"


@dataclass(slots=True)
class Parameter:
    """One value of the query or a header."""

    name: str
    required: bool
    kind: str
    many: bool
    checks: Any


@dataclass
class Operation:
    """One method at one path. `file` and `name` say where it is described."""

    file: str
    method: str
    template: str
    document: Mapping[str, JSON]
    raw: Mapping[str, JSON]
    shared: list[JSON]
    _answers: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @cached_property
    def sent(self) -> Schemas:
        return Schemas(self.document, sent=True)

    @cached_property
    def answered(self) -> Schemas:
        # Whether a field that is not set comes as null or not at all changes from save to save
        # (zettle facts 2.3).
        return Schemas(self.document, sent=False, nulls=self.file == ZETTLE)

    @cached_property
    def parameters(self) -> dict[str, dict[str, Parameter]]:
        """Place (query, header, path) -> name -> parameter. What the operation says wins over what
        the path says.
        """
        found: dict[str, dict[str, Parameter]] = {
            "query": {},
            "header": {},
            "path": {},
            "cookie": {},
        }
        for stated in (*self.shared, *self.raw.get("parameters", [])):
            raw = self.resolved(stated)
            schema = self.sent.resolved(raw.get("schema", {}))
            many = schema.get("type") == "array"
            checked = self.sent.resolved(schema.get("items", {})) if many else schema
            name = raw["name"].lower() if raw["in"] == "header" else raw["name"]
            kind = str(checked.get("type", "string"))
            found[raw["in"]][name] = Parameter(
                name, raw.get("required", False), kind, many, self.sent.checks(checked)
            )
        return found

    @cached_property
    def bodies(self) -> dict[str, Any]:
        """Media type -> what checks the body."""
        content = self.resolved(self.raw.get("requestBody", {})).get("content", {})
        return {kind: self.sent.checks(media.get("schema", {})) for kind, media in content.items()}

    @property
    def body_required(self) -> bool:
        return bool(self.resolved(self.raw.get("requestBody", {})).get("required"))

    @cached_property
    def statuses(self) -> dict[str, Mapping[str, JSON]]:
        """Status ("200", "4XX", "default") -> media type -> media."""
        return {
            str(status).upper(): self.resolved(answer).get("content", {})
            for status, answer in self.raw["responses"].items()
        }

    def declared(self, status: int) -> str | None:
        """The word under which the file speaks of a status, None where it does not."""
        words = (str(status), f"{status // 100}XX", "DEFAULT")
        return next((word for word in words if word in self.statuses), None)

    def answer(self, word: str, media_type: str) -> Any:
        """What checks the body of an answer; None where the file does not say."""
        if (word, media_type) not in self._answers:
            content = self.statuses[word]
            # Problems are described under either media type in these files, and answered under the
            # other.
            media = content.get(media_type) or next(
                (content[kind] for kind in content if "json" in kind), None
            )
            schema = (media or {}).get("schema")
            self._answers[word, media_type] = self.answered.checks(schema) if schema else None
        return self._answers[word, media_type]

    def resolved(self, raw: JSON) -> JSON:
        return at(self.document, raw["$ref"]) if "$ref" in raw else raw


class Operations:
    """All operations below a folder of OpenAPI files, by path."""

    def __init__(self, folder: Path) -> None:
        self.by_length: dict[int, list[tuple[re.Pattern[str], dict[str, Operation]]]] = {}
        self.files: list[str] = []
        for path in sorted(folder.rglob("*.y*ml")):
            self._read(path)
        self._known: dict[str, dict[str, Operation] | None] = {}

    def _read(self, path: Path) -> None:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
        self.files.append(path.name)
        base = urlsplit(document["servers"][0]["url"].replace("{store_hash}", "h"))
        prefix = "/products" if path.name == ZETTLE else base.path.replace("/stores/h", "")
        for template, item in document["paths"].items():
            at_path = {
                method.upper(): Operation(
                    path.name,
                    method.upper(),
                    prefix + template,
                    document,
                    item[method],
                    item.get("parameters", []),
                )
                for method in METHODS
                if method in item
            }
            parts = (prefix + template).split("/")
            pattern = "/".join(
                "[^/]+" if part.startswith("{") else re.escape(part) for part in parts
            )
            self.by_length.setdefault(len(parts), []).append((re.compile(pattern), at_path))

    def at(self, path: str) -> dict[str, Operation] | None:
        """Method -> operation at a path; None where no file speaks of the path."""
        if path not in self._known:
            fitting = [
                (pattern.pattern.count("[^/]+"), number, found)
                for number, (pattern, found) in enumerate(
                    self.by_length.get(path.count("/") + 1, [])
                )
                if pattern.fullmatch(path)
            ]
            # A literal segment wins: /catalog/products/channel-assignments is no product.
            self._known[path] = min(fitting)[2] if fitting else None
        return self._known[path]

    def all(self) -> Iterator[Operation]:
        for found in self.by_length.values():
            for _, at_path in found:
                yield from at_path.values()
