"""The platform's refusals. Pure rules raise them, and the access layer turns them into bytes."""

from __future__ import annotations

from typing import Any

STATUS_CODES = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"

Json = dict[str, Any]


class Refusal(Exception):
    """A v3 refusal: status, title and the fields at fault (bigcommerce facts 9)."""

    def __init__(
        self, status: int, title: str, errors: dict[str, Any] | None = None, **more: Any
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = errors
        self.more = more

    def body(self) -> Json:
        """The JSON body in the form of the v3 API."""
        body: Json = {"status": self.status, "title": self.title, "type": STATUS_CODES, **self.more}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class PlainRefusal(Refusal):
    """A refusal with a given body: v2 lists, OAuth errors, wrapped tree errors, batches."""

    def __init__(self, status: int, whole: Any) -> None:
        super().__init__(status, "see body")
        self.whole = whole

    def body(self) -> Any:
        """The given body."""
        return self.whole


class ProblemRefusal(Refusal):
    """A refusal of the inventory API, sent as application/problem+json (bigcommerce facts 5.2)."""


def invalid(errors: dict[str, str]) -> Refusal:
    """422 that lists every field at fault in the title (bigcommerce facts 3.4)."""
    return Refusal(422, f"Invalid field(s): {', '.join(errors)}", errors)


def missing(errors: dict[str, str]) -> Refusal:
    """422 for required fields that were not sent (bigcommerce facts 3.4)."""
    return Refusal(422, "Missing Required Fields", errors)


def unsupported(path: str, errors: dict[str, str]) -> Refusal:
    """A field that the operation does not know, in the form of its API (bigcommerce facts 9)."""
    if path.startswith("/v2/"):
        name = next(iter(errors))
        title = f"The field '{name}' is not supported by this resource."
        return Refusal(400, title, {"field": name})
    if path.startswith("/v3/inventory/"):
        return ProblemRefusal(422, "Payload contains invalid fields", errors)
    if path.startswith("/v3/hooks"):
        return Refusal(
            422, "JSON data is missing or invalid", dict.fromkeys(errors, "error.path.unknown")
        )
    return invalid(errors)


def unfit(path: str, errors: dict[str, str]) -> Refusal:
    """A value of another type than its field, in the form of its API (bigcommerce facts 9)."""
    if path.startswith("/v2/"):
        name = next(iter(errors))
        return Refusal(400, f"The field '{name}' is invalid.", {"field": name})
    if path.startswith("/v3/inventory/"):
        return ProblemRefusal(422, "Payload contains invalid fields", errors)
    if path.startswith("/v3/hooks"):
        return Refusal(
            422, "JSON data is missing or invalid", dict.fromkeys(errors, "error.expected")
        )
    return invalid(errors)


def duplicate(field: str) -> Refusal:
    """409 for a product name, SKU or address that is taken (bigcommerce facts 3.4)."""
    title = f"The product {field} is a duplicate"
    return Refusal(409, title, {field: title})


def product_not_found(product_id: object) -> Refusal:
    """404 in the form of the catalogue (bigcommerce facts 3.2)."""
    return Refusal(404, f"A product was not found with an id of {product_id}", instance="")


def not_found(what: str, wanted: object) -> Refusal:
    """404 for any other object of the catalogue."""
    return Refusal(404, f"The requested {what} with an id of {wanted} was not found", instance="")
