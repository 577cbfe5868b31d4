"""What a person reads when something did not work. A fault of ours gets a support id that the log
bears too; its text stays with us.
"""

from typing import Any

import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from brygga.database.engine import DatabaseBusy, DatabaseGone
from brygga.web.messages import MessageView
from brygga.web.visit import SIGNED_IN, SignedOut, Visit, language_of

log = structlog.get_logger()

AnyAnswer = Response[Any]


def signed_out(request: Request[Any, Any, Any], _: SignedOut) -> AnyAnswer:
    had_session = bool(request.cookies.get("brygga_session"))
    return Redirect("/sign-in?out=1" if had_session else "/sign-in", status_code=303)


def not_there(request: Request[Any, Any, Any], _: Exception) -> AnyAnswer:
    return _say(request, 404, "not_found")


def refused(request: Request[Any, Any, Any], error: HTTPException) -> AnyAnswer:
    """What the framework turns away: no such route, a form without its token, a value that is
    none.
    """
    match error.status_code:
        case 404 | 405:
            return _say(request, 404, "not_found")
        case 403:
            return _say(request, 403, "forbidden")
        case status if status >= 500:
            return fault(request, error)
        case status:
            return _say(request, status, "malformed")


def unavailable(request: Request[Any, Any, Any], error: DatabaseGone) -> AnyAnswer:
    log.error("database unreachable", reason=str(error))
    return _say(request, 503, "unavailable")


def busy(request: Request[Any, Any, Any], error: DatabaseBusy) -> AnyAnswer:
    """A platform sends its webhook again. A page whose statements take too long is a bug of
    ours.
    """
    if not request.url.path.startswith("/hooks/"):
        return fault(request, error)
    log.warning("the database was busy", reason=str(error))
    return _say(request, 503, "unavailable")


def fault(request: Request[Any, Any, Any], error: Exception) -> AnyAnswer:
    """A bug of ours. The path is logged, not the query: it may hold a code."""
    support_id = request.app.state.deps.dice.token()[:10].upper()
    request.app.state.metrics.faults.inc()
    log.error("page failed", support_id=support_id, path=request.url.path, exc_info=error)
    return _say(request, 500, "broken", support_id)


def _say(request: Request[Any, Any, Any], status: int, key: str, support_id: str = "") -> AnyAnswer:
    path = request.url.path
    if path.startswith("/hooks/") or path in {"/health", "/metrics"}:
        return Response(b"", status_code=status, media_type=MediaType.TEXT)
    merchant = request.scope["state"].get(SIGNED_IN)
    visit = Visit(request.app.state.deps, request, language_of(request), merchant)
    return visit.page(
        "message.html",
        MessageView(f"message.{key}", link="/", support_id=support_id),
        status=status,
    )
