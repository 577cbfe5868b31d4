"""The log-in host: install and consent pages, result pages, and the token exchange (bigcommerce
facts 1.3).
"""

from __future__ import annotations

from typing import Any

from brygga_sandbox.http import Request, Response, Router, redirect
from brygga_sandbox.pages import show

from .apps import App
from .core import Core
from .door import answer, decoded, refused, without_marks
from .refusal import Refusal
from .storefile import CURRENCIES
from .words import WORDS


def mount(router: Router, sandbox: Core) -> None:
    """Add the log-in pages and the token address to the table."""

    async def page(request: Request) -> Response:
        return install_page(sandbox, request)

    async def act(request: Request) -> Response:
        return install_act(sandbox, request)

    async def succeeded(request: Request) -> Response:
        return result(sandbox, request, "install_succeeded", 200)

    async def failed(request: Request) -> Response:
        return result(sandbox, request, "install_failed", 200)

    async def exchange(request: Request) -> Response:
        return exchanged(sandbox, request)

    async def token(request: Request) -> Response:
        status = 0
        try:
            response = without_marks(await sandbox.faults.around(request, exchange))
            status = response.status
        finally:
            sandbox.requests.note(request, status, None)
        return response

    base = "/login/app/{client_id}/install"
    router.add("GET", base, page, control=True)
    router.add("POST", base, act, control=True)
    router.add("GET", base + "/succeeded", succeeded, control=True)
    router.add("GET", base + "/failed", failed, control=True)
    router.add("POST", "/login/oauth2/token", token, control=True)


def exchanged(sandbox: Core, request: Request) -> Response:
    """Exchange a code for a token, as JSON or form."""
    form = "x-www-form-urlencoded" in request.headers.get("content-type", "")
    try:
        body = request.form() if form else decoded(request.body)
        return answer(sandbox.apps.exchange(body if isinstance(body, dict) else {}, sandbox.stores))
    except Refusal as refusal:
        return refused(refusal)


def result(sandbox: Core, request: Request, key: str, status: int, **values: Any) -> Response:
    """A page with one message."""
    app = sandbox.apps.registered.get(request.params["client_id"])
    name = app.name if app else request.params["client_id"]
    return show(
        request,
        "bigcommerce_result.html",
        WORDS,
        message=key,
        app_name=name,
        status=status,
        **values,
    )


def install_page(sandbox: Core, request: Request) -> Response:
    """Log in (or create a store), then show the consent page for the selected store."""
    app = sandbox.apps.registered.get(request.params["client_id"])
    if app is None:
        return result(sandbox, request, "unknown_app", 404)
    store = sandbox.stores.get(request.value("store") or "")
    if store is None:
        stores = list(sandbox.stores.values())
        return show(
            request, "bigcommerce_login.html", WORDS, app=app, stores=stores, currencies=CURRENCIES
        )
    if not sandbox.apps.may_install(app, store):
        return result(sandbox, request, "draft_only", 403)
    return show(
        request,
        "bigcommerce_consent.html",
        WORDS,
        app=app,
        store=store,
        scopes=app.scopes,
        external=request.value("from") != "panel",
    )


def install_act(sandbox: Core, request: Request) -> Response:
    """The merchant's decision: a new store, yes, or no."""
    app = sandbox.apps.registered.get(request.params["client_id"])
    if app is None:
        return result(sandbox, request, "unknown_app", 404)
    form = request.form()
    if form.get("action") == "create":
        return created(sandbox, app, form)
    store = sandbox.stores.get(form.get("store", ""))
    if store is None or not sandbox.apps.may_install(app, store):
        return result(sandbox, request, "draft_only", 403)
    if form.get("action") != "confirm":
        # No callback is documented for a refusal, so the merchant stays on the page.
        return result(sandbox, request, "install_declined", 200)
    return redirect(
        sandbox.apps.approve(app, store, store.owner, external=form.get("external") == "1")
    )


def created(sandbox: Core, app: App, form: dict[str, str]) -> Response:
    """Create a store, then continue to the consent page."""
    currency = form.get("currency", "SEK")
    store = sandbox.add_store(
        owner_email=form.get("email") or "anna@example.com",
        name=form.get("name") or "Ny butik",
        currency=currency if currency in CURRENCIES else "SEK",
        is_price_entered_with_tax=form.get("with_tax") == "1",
    )
    return redirect(f"/login/app/{app.client_id}/install?store={store.hash}", 303)
