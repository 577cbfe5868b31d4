"""Server-side sessions: the browser has an unguessable id, the database has everything else.

An id that we did not give, or whose session has ended, is worthless: the next id is ours. The id
changes whenever a person signs in or out, so that an id planted in a browser beforehand is
worthless afterwards. A session that did not change is written only to extend it.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.middleware.session.server_side import (
    ServerSideSessionBackend,
    ServerSideSessionConfig,
)
from litestar.types import Message
from litestar.utils.scope.state import ScopeState

from brygga.database.sessions import STRANGER, WHOLE, Kept, Sessions, expiry
from brygga.web.rendering import Notice

FRESH = "_fresh"
"""Set by `sign_in`: the answer must carry a new id. Never stored."""
HOST: Final = "__Host-"
"""A browser accepts a cookie with such a name only over https, from this very host, for all its
paths.
"""
OUR_ID: Final = re.compile("[0-9a-f]{64}")
RENEWAL: Final = "brygga"
"""What the script of an open page says in `X-Requested-With` when it fetches the page anew."""
KEPT: Final = "_brygga_kept_session"
"""Where a request keeps its session as it was read."""
STEP: Final = timedelta(minutes=5)
"""How much its remaining time may shrink before a session in use is written to extend it."""

AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]


def cookie_name(name: str, *, secure: bool) -> str:
    return f"{HOST}{name}" if secure else name


class RotatingBackend(ServerSideSessionBackend):
    """Litestar's sessions with four additions: a new id at sign-in, no id chosen by a client, no
    row for a client with nothing to store, and no write where nothing changed.
    """

    def get_session_id(self, connection: AnyConnection) -> str:
        return connection.get_session_id() or self.generate_session_id()

    async def load_from_connection(self, connection: AnyConnection) -> dict[str, Any]:
        given = connection.cookies.get(self.config.key, "")
        kept = await self._store(connection).find(given) if OUR_ID.fullmatch(given) else None
        ScopeState.from_scope(connection.scope).session_id = (
            given if kept else self.generate_session_id()
        )
        connection.scope["state"][KEPT] = kept
        return self.deserialize_data(kept.data) if kept else {}

    async def store_in_message(
        self, scope_session: Any, message: Message, connection: AnyConnection
    ) -> None:
        kept: Kept | None = connection.scope["state"].get(KEPT)
        store, key = self._store(connection), self.get_session_id(connection)
        if not scope_session:
            if kept is not None:
                await store.delete(key)
                self._send(message, connection, "", 0)
            return
        started = kept.started_at if kept else None
        if scope_session.pop(FRESH, False):
            if kept is not None:
                await store.delete(key)
            kept, started, key = None, None, self.generate_session_id()
            ScopeState.from_scope(connection.scope).session_id = key
        number = scope_session.get("connection")
        whose = number if isinstance(number, int) else None
        data = self.serialize_data(scope_session, connection.scope)
        now = connection.app.state.deps.clock.now()
        if (
            kept
            and kept.data == data
            and expiry(whose, kept.started_at, now) - kept.expires_at < STEP
        ):
            return
        await store.keep(key, data, whose, started)
        whole = (started or now) + WHOLE - now if whose is not None else STRANGER
        self._send(message, connection, key, int(whole.total_seconds()))

    def _store(self, connection: AnyConnection) -> Sessions:
        found = self.config.get_store_from_app(connection.app)
        assert isinstance(found, Sessions)
        return found

    def _send(self, message: Message, connection: AnyConnection, key: str, max_age_s: int) -> None:
        site = "SameSite=Lax"
        if self.config.secure and connection.headers.get("sec-fetch-dest") == "iframe":
            # Inside BigCommerce's control panel: a partitioned cookie, which no other site's frame
            # shares.
            site = "SameSite=None; Partitioned"
        secure = "; Secure" if self.config.secure else ""
        cookie = f"{self.config.key}={key}; Path=/; Max-Age={max_age_s}; HttpOnly; {site}{secure}"
        MutableScopeHeaders.from_message(message).add("Set-Cookie", cookie)


@dataclass
class RotatingConfig(ServerSideSessionConfig):
    _backend_class: type[ServerSideSessionBackend] = field(default=RotatingBackend, init=False)


def session_id(request: AnyRequest) -> str:
    return request.get_session_id() or ""


def sign_in(request: AnyRequest, connection_id: int) -> None:
    """From this answer on the browser is signed in as that merchant, under a new session id."""
    language = request.session.get("language")
    request.set_session({"connection": connection_id, FRESH: True})
    if language:
        request.session["language"] = language


def connection_of(request: AnyRequest) -> int | None:
    """The connection of the session. None for a client that is not signed in."""
    session = request.scope.get("session")
    number = session.get("connection") if isinstance(session, dict) else None
    return number if isinstance(number, int) else None


def sign_out(request: AnyRequest) -> None:
    request.set_session({})


def set_notice(request: AnyRequest, notice: Notice) -> None:
    request.session["notice"] = {
        "code": notice.code,
        "tone": notice.tone,
        "params": dict(notice.params),
    }


def take_notice(request: AnyRequest) -> Notice | None:
    """The notice of what was just done, once. A page that renews itself in the background does not
    show it, and leaves it to the page that the merchant is led to.
    """
    if request.headers.get("x-requested-with") == RENEWAL:
        return None
    # An address without a route never reaches the session middleware.
    session = request.scope.get("session")
    raw = session.pop("notice", None) if isinstance(session, dict) else None
    if not isinstance(raw, dict):
        return None
    params = tuple((str(key), str(value)) for key, value in raw.get("params", {}).items())
    return Notice(str(raw.get("code", "")), str(raw.get("tone", "good")), params)
