"""OpenAPI 3.0 schemas as JSON Schema, in two readings: does a value fit, and is every field one
that the file names?

The second is a reading of its own because JSON Schema cannot ask both at once: where a value breaks
one branch of a composition, all fields of that branch would count as unknown. Formats are left out:
both platforms write moments that no RFC knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs

Schema = Any
JSON = Any
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPOSED = ("allOf", "anyOf", "oneOf")
_KEPT = (
    "type", "enum", "const", "minimum", "maximum", "multipleOf", "minLength", "maxLength",
    "pattern", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties",
)  # fmt: skip
_NULL = {"type": "null"}


class Schemas:
    """The schemas of one document. `sent` reads them as bodies of requests, where what is read-only
    is never required.
    """

    def __init__(self, document: Mapping[str, JSON], *, sent: bool, nulls: bool = False) -> None:
        self.document = document
        self.sent = sent
        self.nulls = nulls
        self.shapes: dict[str, Schema] = {}
        self.named: dict[str, Schema] = {}
        self._met: dict[tuple[int, ...], str] = {}
        self._held: list[Sequence[Schema]] = []

    def checks(self, schema: Schema) -> tuple[Any, Any]:
        """What checks a value that stands where this schema stands: its shape, and the names of its
        fields.
        """
        shape, names = self.shape(schema), self.names([schema])
        return _compiled(shape, self.shapes), _compiled(names, self.named)

    # -- shapes

    def shape(self, schema: Schema) -> Schema:
        """The schema of a value; null where that is allowed."""
        if "$ref" in schema:
            return self.reference(str(schema["$ref"]))
        read: dict[str, Schema] = {word: schema[word] for word in _KEPT if word in schema}
        for word in COMPOSED:
            if word in schema:
                read[word] = [self.shape(branch) for branch in schema[word]]
        if isinstance(schema.get("items"), dict):
            read["items"] = self.shape(schema["items"])
        if "properties" in schema:
            read["properties"] = {
                name: self.shape(field) for name, field in schema["properties"].items()
            }
        if isinstance(schema.get("additionalProperties"), dict):
            read["additionalProperties"] = self.shape(schema["additionalProperties"])
        if required := self.required(schema):
            read["required"] = required
        bounds(schema, read)
        return {"anyOf": [read, _NULL]} if self.nulls or schema.get("nullable") is True else read

    def reference(self, reference: str) -> Schema:
        """A reference to a definition, which is made when first met (schemas may hold
        themselves).
        """
        name = reference.removeprefix("#/").replace("/", ".")
        if name not in self.shapes:
            self.shapes[name] = True
            self.shapes[name] = self.shape(at(self.document, reference))
        return {"$ref": f"#/$defs/{name}"}

    def required(self, schema: Schema) -> list[str]:
        """The fields that must be there. `required: true` and the like stand in these files and
        mean nothing.
        """
        wanted = schema.get("required")
        if not isinstance(wanted, list):
            return []
        fields = schema.get("properties", {})
        return [
            name
            for name in wanted
            if not (self.sent and self.resolved(fields.get(name, {})).get("readOnly"))
        ]

    # -- names

    def names(self, schemas: Sequence[Schema]) -> Schema:
        """Objects may have the fields that any of these schemas names, and so on inward; where one
        names none, any field goes.
        """
        parts = [part for schema in schemas for part in self.parts(schema)]
        key = tuple(sorted({id(part) for part in parts}))
        if key not in self._met:
            self._held.append(parts)  # an id is only good while its object lives
            name = self._met[key] = f"names{len(self._met)}"
            self.named[name] = True
            self.named[name] = self._names(parts)
        return {"$ref": f"#/$defs/{self._met[key]}"}

    def _names(self, parts: Sequence[Schema]) -> Schema:
        fields: dict[str, list[Schema]] = {}
        for part in parts:
            for name, field in part.get("properties", {}).items():
                fields.setdefault(name, []).append(field)
        read: dict[str, Schema] = {
            "properties": {name: self.names(found) for name, found in fields.items()}
        }
        extra = [part["additionalProperties"] for part in parts if "additionalProperties" in part]
        if not any(free(part) or extra for part in parts):
            read["additionalProperties"] = False
        elif typed := [schema for schema in extra if isinstance(schema, dict)]:
            read["additionalProperties"] = self.names(typed)
        items = [part["items"] for part in parts if isinstance(part.get("items"), dict)]
        if items:
            read["items"] = self.names(items)
        return read

    def parts(self, schema: Schema, seen: frozenset[str] = frozenset()) -> Iterator[Schema]:
        """A schema and all that it is put together of."""
        if "$ref" in schema:
            reference = str(schema["$ref"])
            if reference not in seen:
                yield from self.parts(at(self.document, reference), seen | {reference})
            return
        yield schema
        for word in COMPOSED:
            for branch in schema.get(word, []):
                yield from self.parts(branch, seen)

    def resolved(self, schema: Schema) -> Schema:
        """What a chain of references leads to."""
        while "$ref" in schema:
            schema = at(self.document, schema["$ref"])
        return schema


def _compiled(schema: Schema, definitions: Mapping[str, Schema]) -> Any:
    whole = {"$schema": DIALECT, "$defs": definitions, "allOf": [schema]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=False)


def bounds(schema: Schema, read: dict[str, Schema]) -> None:
    """OpenAPI 3.0 says with true that a bound itself is outside; JSON Schema gives the bound."""
    for word, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(word) is True and limit in read:
            read[word] = read.pop(limit)


def free(schema: Schema) -> bool:
    """True for an object of which no field is named."""
    composed = any(word in schema for word in (*COMPOSED, "$ref"))
    return (
        schema.get("type", "object") == "object" and not schema.get("properties") and not composed
    )


def at(document: Mapping[str, JSON], reference: str) -> JSON:
    """What stands at a local reference ("#/components/...")."""
    found: JSON = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found
