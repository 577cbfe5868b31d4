"""One request by a person: the language, the signed-in merchant, and how it is answered."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from litestar import Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.exceptions import ClientException
from litestar.response import Redirect
from litestar.utils.scope.state import ScopeState

from brygga.core.model import Connection, Stage
from brygga.database import connections
from brygga.web.deps import WebDeps
from brygga.web.i18n import Language, Words, as_language, preferred, words
from brygga.web.limits import PAGES, Limits
from brygga.web.masking import masked
from brygga.web.rendering import Frame, Notice, render
from brygga.web.session import AnyRequest, connection_of, cookie_name, set_notice, take_notice
from brygga.web.standing import NOTHING, Phase, Standing, standing
from brygga.web.store_user import lost_access

LANGUAGE_COOKIE = "brygga_language"
SIGNED_IN = "signed_in"
"""Where a request keeps its merchant, so that an error page has the menu too."""

ABOUT_PRODUCTS = frozenset(
    {"assigned", "assigned_one", "syncing", "syncing_one", "unassigned", "unassigned_one"}
)
"""Notices of what waits while the merchant has paused product sync."""


class SignedOut(Exception):
    """The page needs a merchant and there is none: the browser client is sent to the
    sign-in page.
    """


class NotThere(Exception):
    """This merchant has no such thing, whether or not another merchant has it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser client, signed in or not."""

    deps: WebDeps
    request: AnyRequest
    language: Language
    connection: Connection | None = None
    standing: Standing = NOTHING

    @property
    def words(self) -> Words:
        return words(self.language)

    def frame(self, section: str = "") -> Frame:
        merchant = self.connection.organization.name or "Zettle" if self.connection else ""
        return Frame(
            language=self.language,
            nonce=str(self.request.scope.get("state", {}).get("nonce", "")),
            csrf=self._token(),
            path=address_of(self.request),
            section=section,
            merchant=merchant,
            notice=take_notice(self.request),
            standing=self.standing,
            contact_email=self.deps.settings.contact_email,
            public_url=self.deps.settings.public_url.rstrip("/"),
        )

    def _token(self) -> str:
        """The form token, under a new mask for each page. "" for a client without a session, which
        has no forms.
        """
        token = ScopeState.from_scope(self.request.scope).csrf_token
        return masked(token, self.deps.dice.token()) if isinstance(token, str) and token else ""

    def page(self, template: str, view: Any, section: str = "", status: int = 200) -> Response[str]:
        return Response(
            render(template, self.frame(section), view),
            status_code=status,
            media_type=MediaType.HTML,
        )

    def go(self, path: str, notice: str = "", tone: str = "good", **params: str) -> Redirect:
        """After a POST: shows the page again with a notice of what happened. While the work is
        paused, the notice says what will happen afterwards.
        """
        if notice:
            later = f"{notice}_later"
            waits = self.standing.paused or (
                self.standing.products_paused and notice in ABOUT_PRODUCTS
            )
            notice = later if waits and self.words.has(f"notice.{later}") else notice
            set_notice(self.request, Notice(notice, tone, tuple(params.items())))
        return Redirect(path, status_code=303)


@dataclass(frozen=True, slots=True)
class Merchant(Visit):
    """A client that is signed in. Everything it asks for is looked up under its own connection's
    id, never another's.
    """

    @property
    def own(self) -> Connection:
        if self.connection is None:
            raise SignedOut
        return self.connection

    @property
    def running(self) -> bool:
        return self.own.stage is Stage.RUNNING

    def unchanged(self, path: str) -> Redirect:
        """After a button on a page that was open for long: says that nothing was done, and why."""
        why = {Phase.NONE: "_over", Phase.SETUP: "_setup", Phase.LEAVING: "_leaving"}.get(
            self.standing.phase, ""
        )
        return self.go(path, f"unchanged{why}", "warn")


def address_of(request: AnyRequest) -> str:
    """The path of this page, with the query of a page that was only read. Not from `request.url`,
    which is made with the host that a client sent: it may be nonsense.
    """
    path, query = str(request.scope["path"]), request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query and request.method == "GET" else path


def language_of(request: AnyRequest) -> Language:
    """The language from the cookie that the language link sets, else the one that the browser
    prefers.
    """
    secure = request.app.state.deps.settings.secure
    return as_language(
        request.cookies.get(cookie_name(LANGUAGE_COOKIE, secure=secure))
    ) or preferred(request.headers.get("accept-language", ""))


async def provide_visit(request: AnyRequest, state: State) -> Visit:
    deps: WebDeps = state.deps
    connection, stands = await _signed_in(deps, request)
    request.scope["state"][SIGNED_IN] = connection
    if connection is not None:
        # As the request's id (`tracing`): on each later line of this request.
        structlog.contextvars.bind_contextvars(connection=connection.id)
    return Visit(deps, request, language_of(request), connection, stands)


async def provide_merchant(visit: NamedDependency[Visit]) -> Merchant:
    """Raises `SignedOut` for a client without a connection, `TooMany` for one that asks
    too often.
    """
    if visit.connection is None:
        raise SignedOut
    limits: Limits = visit.request.app.state.limits
    limits.take(PAGES, str(visit.connection.id))
    return Merchant(visit.deps, visit.request, visit.language, visit.connection, visit.standing)


async def _signed_in(deps: WebDeps, request: AnyRequest) -> tuple[Connection | None, Standing]:
    number = connection_of(request)
    if number is None:
        return None, NOTHING
    if await lost_access(deps.database, request):
        request.set_session({})
        return None, NOTHING
    async with deps.database.read() as tx:
        found = await connections.by_id(tx, number)
        return found, NOTHING if found is None else await standing(
            tx, found, deps.settings.erase_after
        )


def local_path(target: str, default: str = "/") -> str:
    """A path of our own, or the default: a link from outside can never make us redirect to a
    foreign address. A text that is no valid address is refused.
    """
    try:
        parts = urlsplit(target)
    except ValueError:
        raise ClientException("no address") from None
    if (
        parts.scheme
        or parts.netloc
        or not target.startswith("/")
        or target.startswith(("//", "/\\"))
    ):
        return default
    if any(ord(character) < 32 for character in target):
        return default
    return quote(parts.path, safe="/%") + (
        f"?{quote(parts.query, safe='=&%+')}" if parts.query else ""
    )


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form: texts only, in order."""

    fields: tuple[tuple[str, str], ...] = ()

    def one(self, name: str) -> str:
        """The last value with that name, without spaces around it. "" when there is none."""
        return next((value.strip() for key, value in reversed(self.fields) if key == name), "")

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name)

    def starting(self, prefix: str) -> dict[str, str]:
        """Fields whose name begins with `prefix`, by the rest of their name."""
        return {
            key.removeprefix(prefix): value.strip()
            for key, value in self.fields
            if key.startswith(prefix)
        }


async def provide_form(request: AnyRequest) -> Form:
    sent = await request.form()
    return Form(tuple((key, value) for key, value in sent.multi_items() if isinstance(value, str)))
