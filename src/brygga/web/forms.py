"""Who may send a form: a signed-in merchant, from a page of ours. This is checked before the form
is read.

safe method              the body is never read
webhook                  the receiver reads the body, within its bounds
sent from another site   403, the body is not read
nobody is signed in      to the sign-in page, the body is not read
no token of this session 403
"""

import hashlib
import hmac
from functools import partial
from typing import Final

from litestar.enums import ScopeType
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from brygga.web.bodies import SAFE, bounded, bounds_of, read_form
from brygga.web.entrance import is_spoiled
from brygga.web.masking import unmasked
from brygga.web.session import AnyRequest, connection_of
from brygga.web.visit import SignedOut

FIELD: Final = "_csrf_token"
HEADER: Final = "x-csrftoken"


class Forms(ASGIMiddleware):
    """The middleware after the sessions."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, secret: str) -> None:
        self.secret = secret

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] == ScopeType.HTTP:
            state = ScopeState.from_scope(scope)
            state.csrf_token = token = token_of(self.secret, state.session_id)
            if scope["method"] not in SAFE:
                receive = bounded(scope, receive, partial(bounds_of, scope))
                if not scope["route_handler"].opt.get("exclude_from_csrf"):
                    await self._check(scope, receive, token)
        await next_app(scope, receive, send)

    async def _check(self, scope: HTTPScope, receive: Receive, secret: str) -> None:
        """Raises the refusal of the form."""
        request = AnyRequest(scope, receive=receive)
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise PermissionDeniedException("sent from another site")
        if connection_of(request) is None:
            raise SignedOut
        form = await read_form(request)
        given = request.headers.get(HEADER) or form.get(FIELD)
        if not isinstance(given, str) or not hmac.compare_digest(unmasked(given) or "", secret):
            raise PermissionDeniedException("no token of this session")
        if is_spoiled(form.multi_items()):
            raise ClientException("a text holds U+0000")


def token_of(secret: str, session_id: object) -> str:
    """The token of a session's forms. It belongs to that session only."""
    if not isinstance(session_id, str):
        return ""
    return hmac.new(secret.encode(), f"form:{session_id}".encode(), hashlib.sha256).hexdigest()
