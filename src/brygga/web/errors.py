"""What a person reads when something failed. A bug of ours gets a support id that is in the log
too. Its text is never shown.
"""

from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from brygga.database.engine import DatabaseBusy, DatabaseGone, PoolExhausted
from brygga.web import live
from brygga.web.bodies import Torn
from brygga.web.limits import TooMany
from brygga.web.messages import MessageView
from brygga.web.operating.door import HOME, SIGN_IN, NoOperator, Wrong
from brygga.web.refusals import Why
from brygga.web.session import cookie_name
from brygga.web.tracing import route_of
from brygga.web.visit import SIGNED_IN, SignedOut, Visit, language_of

log = structlog.get_logger()

AnyAnswer = Response[Any]
UNREAD: Final = frozenset({"/health", "/healthz", "/readyz", "/metrics", live.PATH})
"""No person reads the answers of these routes: the status is enough."""
SAID: Final = {
    403: (403, "forbidden"),
    404: (404, "not_found"),
    405: (404, "not_found"),
    408: (408, "slow"),
    413: (413, "large"),
    429: (429, "many"),
}
"""The answer and its words for a refused request. Anything else is called malformed."""


def signed_out(request: Request[Any, Any, Any], _: SignedOut) -> AnyAnswer:
    had_session = bool(
        request.cookies.get(
            cookie_name("brygga_session", secure=request.app.state.deps.settings.secure)
        )
    )
    return Redirect("/sign-in?out=1" if had_session else "/sign-in", status_code=303)


def no_operator(request: Request[Any, Any, Any], _: NoOperator) -> AnyAnswer:
    return Redirect(SIGN_IN, status_code=303)


def wrong(request: Request[Any, Any, Any], error: Wrong) -> AnyAnswer:
    """The answer to a tool whose request cannot be answered."""
    answer = _problem(error.status_code, error.code, error.detail)
    if error.status_code == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="operator"'
    return answer


def _problem(status: int, code: str, said: str) -> AnyAnswer:
    body = {"error": code, "message": said}
    return Response(body, status_code=status, media_type=MediaType.JSON)


def not_there(request: Request[Any, Any, Any], _: Exception) -> AnyAnswer:
    return _say(request, 404, "not_found")


def refused(request: Request[Any, Any, Any], error: HTTPException) -> AnyAnswer:
    """The answer to a refused request: no such route, a form without its token, an invalid value, a
    body that breaks its bounds.
    """
    if why := _why(error):
        request.app.state.refusals.note(why, _route(request))
    if isinstance(error, Torn):
        # The client has gone, so nobody reads the answer.
        return Response(b"", status_code=400, media_type=MediaType.TEXT)
    if error.status_code >= 500:
        return fault(request, error)
    status, key = SAID.get(error.status_code, (error.status_code, "malformed"))
    answer = _say(request, status, key)
    if isinstance(error, TooMany):
        answer.headers.update(error.headers or {})
    return answer


def _why(error: HTTPException) -> Why | None:  # noqa: PLR0911 - a table
    match error:
        case Torn():
            return Why.BODY_TORN
        case TooMany():
            return Why.RATE
        case _ if error.status_code == 408:
            return Why.BODY_SLOW
        case _ if error.status_code == 413:
            return Why.BODY_LARGE
        case _ if error.status_code == 400:
            return Why.MALFORMED
        case _ if error.status_code == 403:
            return Why.FOREIGN
        case _:
            return None


def _route(request: Request[Any, Any, Any]) -> str:
    return route_of(request.scope)


def unavailable(request: Request[Any, Any, Any], error: DatabaseGone) -> AnyAnswer:
    log.error("database unreachable", reason=str(error))
    return _say(request, 503, "unavailable")


def exhausted(request: Request[Any, Any, Any], error: PoolExhausted) -> AnyAnswer:
    log.error("no connection to the database is free", reason=str(error))
    return _say(request, 503, "overloaded")


def busy(request: Request[Any, Any, Any], error: DatabaseBusy) -> AnyAnswer:
    """The answer when the database is busy. A platform sends its webhook again. A page whose
    statements take too long is a bug of ours.
    """
    if not request.scope["path"].startswith("/hooks/"):
        return fault(request, error)
    log.warning("the database was busy", reason=str(error))
    return _say(request, 503, "unavailable")


def fault(request: Request[Any, Any, Any], error: Exception) -> AnyAnswer:
    """The answer to a bug of ours. The path is logged, not the query, which may hold a code."""
    support_id = request.app.state.deps.dice.token()[:10].upper()
    request.app.state.metrics.faults.inc()
    log.error("page failed", support_id=support_id, path=request.scope["path"], exc_info=error)
    return _say(request, 500, "broken", support_id)


def nothing(request: Request[Any, Any, Any], error: Exception) -> AnyAnswer:
    """The answer of a port that has no pages."""
    return Response(b"", status_code=404, media_type=MediaType.TEXT)


def plain_fault(request: Request[Any, Any, Any], error: Exception) -> AnyAnswer:
    """A bug of ours on a port that has no pages."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 500:
        log.error("a worker's answer failed", path=_route(request), exc_info=error)
    return Response(b"", status_code=status, media_type=MediaType.TEXT)


def _say(request: Request[Any, Any, Any], status: int, key: str, support_id: str = "") -> AnyAnswer:
    path = request.scope["path"]
    if path.startswith("/hooks/") or path in UNREAD:
        return Response(b"", status_code=status, media_type=MediaType.TEXT)
    if path.startswith(f"{HOME}/api/"):
        return _problem(status, key, support_id or key)
    home = HOME if path.startswith(HOME) and request.app.state.deps.settings.has_operator else "/"
    merchant = request.scope["state"].get(SIGNED_IN)
    visit = Visit(request.app.state.deps, request, language_of(request), merchant)
    return visit.page(
        "message.html",
        MessageView(f"message.{key}", link=home, support_id=support_id),
        status=status,
    )
