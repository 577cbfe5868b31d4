"""The web application: every route in one table, and the middleware around all of them."""

import asyncio
from typing import Any, Final

from litestar import Litestar, Response, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import Cookie, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from litestar.stores.registry import StoreRegistry

from brygga.database.engine import DatabaseBusy, DatabaseGone, PoolExhausted
from brygga.web import bodies, errors, health, hooks, live, metrics, static_files
from brygga.web.addresses import Addresses
from brygga.web.arguments import explicit
from brygga.web.deps import WebDeps
from brygga.web.entrance import enter
from brygga.web.forms import Forms
from brygga.web.gate import Gate
from brygga.web.i18n import as_language
from brygga.web.limits import Limits
from brygga.web.operating import api
from brygga.web.operating import pages as operator_pages
from brygga.web.operating.door import NoOperator, Wrong, provide_operator
from brygga.web.pages import (
    alerts,
    apps,
    check,
    codes,
    disconnect,
    duplicates,
    erase,
    help,  # noqa: A004 - the page of that name
    integration,
    joining,
    leftout,
    library,
    linking,
    logline,
    newproduct,
    panel,
    pausing,
    plan,
    product,
    question,
    separate,
    setup,
    signin,
    statements,
    support,
    synclog,
    watching,
    why,
)
from brygga.web.receiving import Receiving
from brygga.web.refusals import Refusals
from brygga.web.security import add_headers, form_targets
from brygga.web.session import RotatingConfig, cookie_name
from brygga.web.standing import Phase
from brygga.web.tally import Tally
from brygga.web.tracing import Traced
from brygga.web.visit import (
    LANGUAGE_COOKIE,
    NotThere,
    SignedOut,
    Visit,
    local_path,
    provide_form,
    provide_merchant,
    provide_visit,
)

COMPRESSION: Final = CompressionConfig(
    "gzip",
    minimum_size=1000,
    gzip_compress_level=6,
    exclude=[f"^{live.PATH}$", "^/metrics$", "^/static/", "^/hooks/"],
)
"""The live stream is excluded: compression would hold it back until a block is full. Static files
are compressed once (`static_files`), and an answer to a webhook has no body. Secrets in a page are
masked (`masking`).
"""


@get("/")
async def start(visit: Visit) -> Redirect:
    """Where a merchant's day begins: the overview, once the set-up is finished."""
    if visit.connection is None:
        return visit.go("/sign-in")
    return visit.go("/apps/bigcommerce" if visit.standing.phase is Phase.RUNNING else "/apps")


@get("/language/{language:str}")
async def speak(visit: Visit, language: str, to: str = "/") -> Response[Any]:
    """The language link: the choice is kept for a year, then the reader goes back to the
    same page.
    """
    chosen = as_language(language)
    if chosen is None:
        raise NotThere
    cookie = Cookie(
        key=cookie_name(LANGUAGE_COOKIE, secure=visit.deps.settings.secure),
        value=chosen,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="lax",
        secure=visit.deps.settings.secure,
    )
    return Redirect(local_path(to), status_code=303, cookies=[cookie])


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    start,
    speak,
    # -- signing in (C1)
    signin.show,
    signin.begin,
    signin.back,
    signin.leave,
    # -- the integration: set-up (C3 to C12), overview (E1), log (A4), duplicates (P11), leaving
    # (D1)
    apps.show,
    integration.show,
    integration.resume,
    integration.resume_prices,
    pausing.pause,
    pausing.resume,
    question.show,
    integration.answer,
    integration.tick,
    leftout.show,
    leftout.tick,
    setup.connect,
    setup.choose_prices,
    setup.choose_products,
    setup.back,
    setup.finish,
    watching.show,
    watching.begin,
    watching.stop,
    watching.take_over,
    synclog.show,
    synclog.retry,
    logline.show,
    logline.download,
    duplicates.show,
    plan.show,
    plan.decide,
    plan.download,
    disconnect.show,
    disconnect.disconnect,
    disconnect.undo,
    disconnect.at_once,
    erase.show,
    erase.erase,
    erase.receipt,
    live.live,
    # -- what the merchant is told, and the nightly statements
    alerts.show,
    alerts.email,
    alerts.webhook,
    alerts.causes,
    alerts.test,
    alerts.ask,
    alerts.confirm,
    statements.show,
    statements.compare,
    statements.one,
    statements.as_json,
    statements.as_csv,
    statements.read_again,
    # -- BigCommerce's own calls (C2, C3, D3)
    joining.installed,
    joining.confirm,
    joining.join,
    joining.decline,
    panel.load,
    panel.leave_panel,
    panel.uninstalled,
    panel.user_removed,
    # -- the library (A1 to A5, P9, P10) and stock (S5 to S7, and why it is what it is)
    library.show,
    library.assign,
    library.undo,
    library.sync_now,
    linking.show,
    linking.link,
    newproduct.show,
    newproduct.add,
    newproduct.resume,
    newproduct.picture,
    newproduct.discard,
    product.show,
    product.assign,
    product.sync_now,
    product.recount,
    product.look,
    product.keep_edits,
    separate.track,
    separate.show,
    separate.separate,
    separate.asked,
    separate.join,
    check.every,
    check.show,
    check.answer,
    why.show,
    why.download,
    # -- help (E2), and who helps when nothing does (P10)
    codes.show,
    codes.one,
    help.show,
    support.show,
    support.report,
    support.made,
    support.download,
    # -- webhooks, and what an operator's tools ask
    hooks.zettle,
    hooks.bigcommerce,
    health.health,
    health.alive,
    health.ready,
    metrics.show,
)


OPERATOR_ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (*operator_pages.ROUTES, *api.ROUTES)
"""Only where an operator has set a secret."""


def build_app(deps: WebDeps) -> Litestar:
    """The pages and the webhook receivers, as an ASGI application."""
    secure = deps.settings.secure
    operators = OPERATOR_ROUTES if deps.settings.has_operator else ()
    sessions = RotatingConfig(
        key=cookie_name("brygga_session", secure=secure),
        secure=secure,
        samesite="lax",
        exclude=["^/static/"],
    )
    return Litestar(
        [*map(explicit, (*ROUTES, *operators, static_files.serve))],
        before_request=enter,
        before_send=[add_headers],
        compression_config=COMPRESSION,
        middleware=[
            Traced(deps.dice),
            Gate(has_proxies=bool(deps.settings.trusted_proxies)),
            sessions.middleware,
            Forms(deps.settings.csrf_secret),
        ],
        stores=StoreRegistry({"sessions": deps.sessions}),
        dependencies={
            "visit": Provide(provide_visit),
            "merchant": Provide(provide_merchant),
            "operator": Provide(provide_operator),
            "form": Provide(provide_form),
        },
        on_shutdown=[_close],
        exception_handlers={
            SignedOut: errors.signed_out,
            NoOperator: errors.no_operator,
            Wrong: errors.wrong,
            NotThere: errors.not_there,
            DatabaseGone: errors.unavailable,
            PoolExhausted: errors.exhausted,
            DatabaseBusy: errors.busy,
            HTTPException: errors.refused,
            Exception: errors.fault,
        },
        state=state_of(deps),
        request_max_body_size=bodies.PICTURES.largest,
        multipart_form_part_limit=bodies.MOST_FIELDS,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def state_of(deps: WebDeps) -> State:
    """What the pages of one process share. Nothing else of the application outlives a request."""
    figures = metrics.Metrics(deps.figures)
    limits = Limits(deps.clock, is_on=deps.settings.rate_limits)
    return State(
        {
            "deps": deps,
            "boards": live.Boards(deps.database, deps.clock),
            "metrics": figures,
            "tally": Tally(figures),
            "refusals": Refusals(figures, deps.clock),
            "limits": limits,
            "addresses": Addresses(deps.database, limits),
            "receiving": Receiving(deps),
            "installation": deps.settings.installation,
            "form_targets": form_targets(deps.shop.install_url(), deps.zettle.authorize_url("")),
            "ready": lambda: health.readiness(deps.database),
            # Set when the pages are about to close: open streams then end by themselves.
            "closing": asyncio.Event(),
        }
    )


async def _close(app: Litestar) -> None:
    await app.state.tally.close(app.state.deps)
