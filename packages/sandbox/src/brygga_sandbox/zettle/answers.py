"""The error answers of Zettle's hosts (zettle facts 1.4, 2.8, 4.1)."""

from collections.abc import Sequence
from typing import Any

from brygga_sandbox.http import MalformedBodyError, Request, Response, json_response


def refusal(
    status: int, message: str, kind: str | None = None, violations: Sequence[Any] = ()
) -> Response:
    """The body that all API hosts share."""
    body = {"developerMessage": message, "errorType": kind, "violations": list(violations)}
    return json_response(body, status)


def oauth_refusal(error: str, description: str, status: int = 400) -> Response:
    """The RFC 6749 body of the OAuth host (1.4)."""
    return json_response({"error": error, "error_description": description}, status)


def bad_token(
    description: str = "ACCESS_TOKEN_EXPIRED", error: str = "invalid_request"
) -> Response:
    """401 with WWW-Authenticate and no body (1.4)."""
    return Response(
        401,
        b"",
        [("WWW-Authenticate", f'Bearer error="{error}", error_description="{description}"')],
    )


def with_body(answer: Response, reading: str) -> Response:
    """A 401 or 403 with the body of that reading (1.4). Its headers stay unchanged.

    The content of these bodies is not documented. An old client reads the errorType of a 401.
    """
    if reading == "error_type" and answer.status == 401:
        plain = json_response({"errorType": "ACCESS_TOKEN_EXPIRED"}, 401)
    elif reading == "whole":
        plain = refusal(answer.status, "Unauthorized" if answer.status == 401 else "Forbidden")
    else:
        return answer
    return Response(answer.status, plain.body, [*plain.headers, *answer.headers])


def no_scope() -> Response:
    """403. Its body is not documented (1.4), so it is empty."""
    return Response(403)


def unknown(what: str) -> Response:
    """404 with the type of what does not exist."""
    return refusal(404, f"{what} not found", "ENTITY_NOT_FOUND")


def wrong_version(what: str) -> Response:
    """422: only version-1 uuids are accepted (2.7)."""
    return refusal(422, f"{what}: UUID must be a version 1 UUID")


def unreadable(request: Request, error: MalformedBodyError) -> Response:
    """400 for a body that is not JSON."""
    return refusal(400, "Could not read the request body")


def missing(request: Request, allowed: tuple[str, ...]) -> Response:
    """404 for unknown paths, 405 for unknown methods."""
    if allowed:
        response = refusal(405, "HTTP 405 Method Not Allowed")
        return response.header("Allow", ", ".join(allowed))
    return refusal(404, "HTTP 404 Not Found")
