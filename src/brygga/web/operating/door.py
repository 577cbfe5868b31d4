"""Who comes in: an operator with a session of their own, or a tool with a secret as bearer token.

A merchant's session opens nothing here, and an operator's opens no page of a merchant's: they have
other cookies, other tables and other forms' tokens.

no secret is set         404, for everything
nobody is signed in      to the operator's sign-in page; 401 for a tool
who may only read        403 for each act
sent from another site   403
no token of the session  403
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import structlog
from litestar import Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Redirect

from brygga.database import operator_sessions
from brygga.web.bodies import SAFE, read_form
from brygga.web.deps import WebDeps, WebSettings
from brygga.web.entrance import is_spoiled
from brygga.web.forms import FIELD, token_of
from brygga.web.limits import OPERATOR, OPERATOR_LINES, PAGES, Limits, source_of
from brygga.web.masking import masked, unmasked
from brygga.web.operating.acts import By
from brygga.web.rendering import Frame, Notice
from brygga.web.session import OUR_ID, AnyRequest, cookie_name
from brygga.web.tracing import request_id, route_of
from brygga.web.visit import Visit, address_of, language_of

HOME: Final = "/operator"
SIGN_IN: Final = f"{HOME}/sign-in"
API: Final = f"{HOME}/api/v1"
COOKIE: Final = "brygga_operator"
SHORT: Final = 8
"""How much of a secret's hash names it in audit lines."""
NOTICES: Final = frozenset(
    {
        "held",
        "went_on",
        "sync_asked",
        "retried",
        "replayed",
        "erased",
        "not_confirmed",
        "unknown",
        "ended",
        "merchant",
        "not_paused",
        "no_product",
        "not_assigned",
        "not_running",
        "paused",
        "restored",
        "active",
        "unchanged",
    }
)


log = structlog.get_logger("brygga.web")


class Role(StrEnum):
    FULL = "full"
    READS = "reads"


class NoOperator(Exception):
    """Nobody is signed in: the browser is sent to the operator's sign-in page."""


class Wrong(HTTPException):
    """A request of a tool that cannot be answered. `code` says why."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(status_code=status, detail=said)
        self.code = code


def role_of(settings: WebSettings, digest: str) -> Role | None:
    """What the secret with this hash may do. None: it is none of ours."""
    for role, ours in ((Role.FULL, settings.operator), (Role.READS, settings.operator_reads)):
        if any(hmac.compare_digest(digest, one) for one in ours):
            return role
    return None


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# ---- Tools ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that brought a secret."""

    deps: WebDeps
    by: By
    role: Role


def tool(request: AnyRequest, *, acts: bool = False) -> Tool:
    """Raises `Wrong` and `TooMany`. `acts`: only a secret that may do more than read will do."""
    deps: WebDeps = request.app.state.deps
    limits: Limits = request.app.state.limits
    limits.check(OPERATOR, source_of(request))
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    digest = hash_of(secret.strip())
    role = role_of(deps.settings, digest) if kind.lower() == "bearer" and secret else None
    if role is None:
        _failed(request)
        raise Wrong(401, "unauthorized", "Authorization: Bearer with a secret of an operator's")
    limits.take(PAGES, "operator", digest)
    if acts and role is not Role.FULL:
        raise Wrong(403, "reads_only", "this secret may only read")
    return Tool(deps, _by(request, digest, "api"), role)


def _by(request: AnyRequest, digest: str, through: str) -> By:
    return By(source_of(request), request_id(request), digest[:SHORT], through)


# ---- Browsers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operator(Visit):
    """An operator who is signed in."""

    key: str = ""
    digest: str = ""
    role: Role = Role.READS

    @property
    def acts(self) -> bool:
        return self.role is Role.FULL

    @property
    def by(self) -> By:
        return _by(self.request, self.digest, "page")

    def frame(self, section: str = "") -> Frame:
        secret = operator_token(self.deps, self.key)
        return Frame(
            language=self.language,
            nonce=str(self.request.scope.get("state", {}).get("nonce", "")),
            csrf=masked(secret, self.deps.dice.token()),
            path=address_of(self.request),
            section=section,
            operator=self.role.value,
            notice=_notice(self.request),
            contact_email=self.deps.settings.contact_email,
            public_url=self.deps.settings.public_url.rstrip("/"),
        )

    def back(self, path: str, notice: str, count: int | None = None) -> Redirect:
        """After a form: shows the page again with a notice of what happened."""
        number = "" if count is None else f"&n={count}"
        return Redirect(f"{path}?done={notice}{number}", status_code=303)


def _notice(request: AnyRequest) -> Notice | None:
    """What the address says that happened. Only our own words, and a number."""
    code, count = request.query_params.get("done", ""), request.query_params.get("n", "")
    if code not in NOTICES or (count and not (count.isascii() and count.isdigit())):
        return None
    good = code in {"held", "went_on", "sync_asked", "retried", "replayed", "erased"}
    params = (("n", count[:9]),) if count else ()
    return Notice(f"operator.{code}", "good" if good else "warn", params)


def operator_token(deps: WebDeps, key: str) -> str:
    """The token of the forms of this session. No merchant's session has the same."""
    return token_of(deps.settings.csrf_secret, f"operator:{key}")


async def provide_operator(request: AnyRequest) -> Operator:
    """Raises `NoOperator`, and the refusal of a form."""
    deps: WebDeps = request.app.state.deps
    key = request.cookies.get(cookie_name(COOKIE, secure=deps.settings.secure), "")
    digest = ""
    if OUR_ID.fullmatch(key):
        async with deps.database.transaction() as tx:
            digest = await operator_sessions.opened_by(tx, key, deps.clock.now())
    role = role_of(deps.settings, digest) if digest else None
    if role is None:
        raise NoOperator
    limits: Limits = request.app.state.limits
    limits.take(PAGES, "operator", digest)
    found = Operator(deps, request, language_of(request), key=key, digest=digest, role=role)
    if request.method not in SAFE:
        await _check(request, found)
    return found


async def _check(request: AnyRequest, operator: Operator) -> None:
    """Raises the refusal of a form."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise PermissionDeniedException("sent from another site")
    form = await read_form(request)
    given, secret = form.get(FIELD), operator_token(operator.deps, operator.key)
    if not isinstance(given, str) or not hmac.compare_digest(unmasked(given) or "", secret):
        raise PermissionDeniedException("no token of this session")
    if is_spoiled(form.multi_items()):
        raise PermissionDeniedException("a text holds U+0000")
    if not operator.acts and not request.scope["path"].endswith("/sign-out"):
        raise PermissionDeniedException("this secret may only read")


async def begin(request: AnyRequest) -> Response[Any] | None:
    """Signs in who has typed a secret of ours, and ends the session that this browser had. None for
    any other text. Raises `TooMany`, and the refusal of a form, before the form is read.
    """
    deps: WebDeps = request.app.state.deps
    limits: Limits = request.app.state.limits
    limits.check(OPERATOR, source_of(request))
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise PermissionDeniedException("sent from another site")
    typed = (await read_form(request)).get("secret")
    secret = typed.strip() if isinstance(typed, str) else ""
    digest = hash_of(secret)
    role = role_of(deps.settings, digest) if secret else None
    if role is None:
        _failed(request)
        return None
    before = request.cookies.get(cookie_name(COOKIE, secure=deps.settings.secure), "")
    key = hash_of(f"{deps.dice.token()}{deps.dice.token()}")
    async with deps.database.transaction() as tx:
        now = deps.clock.now()
        await operator_sessions.end(tx, before)
        await operator_sessions.begin(tx, key, digest, now)
        await _by(request, digest, "page").note(tx, None, now, command="sign-in", role=role.value)
    return Redirect(HOME, status_code=303, cookies=[_cookie(deps, key)])


def _failed(request: AnyRequest) -> None:
    """Counts a secret that is none of ours, and writes down where it came from."""
    limits: Limits = request.app.state.limits
    source = source_of(request)
    limits.failed(OPERATOR, source)
    if limits.has_room(OPERATOR_LINES):
        log.warning("operator refused", route=route_of(request.scope), source=source)


async def leave(operator: Operator) -> Redirect:
    async with operator.deps.database.transaction() as tx:
        await operator_sessions.end(tx, operator.key)
        now = operator.deps.clock.now()
        await operator.by.note(tx, None, now, command="sign-out")
    return Redirect(SIGN_IN, status_code=303, cookies=[_cookie(operator.deps, "")])


def _cookie(deps: WebDeps, key: str) -> Cookie:
    return Cookie(
        key=cookie_name(COOKIE, secure=deps.settings.secure),
        value=key,
        path="/",
        max_age=int(operator_sessions.WHOLE.total_seconds()) if key else 0,
        httponly=True,
        samesite="strict",
        secure=deps.settings.secure,
    )
