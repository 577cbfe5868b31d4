"""Server-side sessions: the browser keeps an unguessable id, the database everything else.

The id is changed whenever a person signs in or out, so that an id planted in a browser beforehand
is worth nothing afterwards.
"""

from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.middleware.session.server_side import (
    ServerSideSessionBackend,
    ServerSideSessionConfig,
)
from litestar.types import Message

from brygga.web.rendering import Notice

FRESH = "_fresh"
"""Set by `sign_in`: the answer must carry a new id. Never stored."""

AnyRequest = Request[Any, Any, Any]


class RotatingBackend(ServerSideSessionBackend):
    """Litestar's sessions, with two habits of ours: a new id at sign-in, and no row for a visitor
    who has nothing to remember.
    """

    async def store_in_message(
        self, scope_session: Any, message: Message, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> None:
        had_one = self.config.key in connection.cookies
        if not scope_session:
            if had_one:
                await self._forget(message, connection)
            return
        if scope_session.pop(FRESH, False) and had_one:
            await self.delete(
                self.get_session_id(connection), self.config.get_store_from_app(connection.app)
            )
            connection.cookies.pop(self.config.key, None)
            connection._connection_state.session_id = self.generate_session_id()
        await super().store_in_message(scope_session, message, connection)

    async def _forget(
        self, message: Message, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> None:
        await self.delete(
            self.get_session_id(connection), self.config.get_store_from_app(connection.app)
        )
        secure = "; Secure" if self.config.secure else ""
        MutableScopeHeaders.from_message(message).add(
            "Set-Cookie", f"{self.config.key}=; Path=/; Max-Age=0; HttpOnly; SameSite=lax{secure}"
        )


@dataclass
class RotatingConfig(ServerSideSessionConfig):
    _backend_class: type[ServerSideSessionBackend] = field(default=RotatingBackend, init=False)


def sign_in(request: AnyRequest, connection_id: int) -> None:
    """From this answer on the browser belongs to that merchant, under a new session id."""
    language = request.session.get("language")
    request.set_session({"connection": connection_id, FRESH: True})
    if language:
        request.session["language"] = language


def sign_out(request: AnyRequest) -> None:
    request.set_session({})


def set_notice(request: AnyRequest, notice: Notice) -> None:
    request.session["notice"] = {
        "code": notice.code,
        "tone": notice.tone,
        "params": dict(notice.params),
    }


def take_notice(request: AnyRequest) -> Notice | None:
    # An address that no route has never reaches the session middleware.
    session = request.scope.get("session")
    raw = session.pop("notice", None) if isinstance(session, dict) else None
    if not isinstance(raw, dict):
        return None
    params = tuple((str(key), str(value)) for key, value in raw.get("params", {}).items())
    return Notice(str(raw.get("code", "")), str(raw.get("tone", "good")), params)
