"""Alerts: where the merchant is told by mail and webhook, and of what. Each cause can be switched
off.
"""

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.alerts import Cause
from brygga.database import alert_messages, alert_settings
from brygga.database.alert_messages import CONFIRM, TEST, Channel, Draft, Message
from brygga.database.alert_settings import AlertSettings
from brygga.database.audit import Act
from brygga.database.engine import Tx
from brygga.settings import AlertHooks
from brygga.web.letters import CONFIRMING, HERE, new_secret
from brygga.web.limits import ALERTS, Limits
from brygga.web.standing import Phase
from brygga.web.tracing import note
from brygga.web.visit import Form, Merchant, Visit
from brygga.wire.outward import refusal

SHOWN: Final = 10
LONGEST: Final = 254


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and what became of it."""

    channel: str
    kind: str
    created_at: datetime
    state: str
    error: str


@dataclass(frozen=True, slots=True)
class AlertsView:
    """`mail` and `hooks` say what this installation can send. `secret` is shown once."""

    settings: AlertSettings
    mail: bool
    hooks: bool
    local: bool
    causes: tuple[tuple[str, bool], ...]
    sent: tuple[Sent, ...]
    email: str = ""
    url: str = ""
    problem: str = ""
    """Why what was typed is refused: "email", or a word of `wire.outward.refusal`."""
    secret: str = ""


@get(HERE)
async def show(merchant: Merchant) -> Response[str] | Redirect:
    if merchant.standing.phase is Phase.NONE:
        return merchant.go("/apps")
    return await _page(merchant)


async def _page(
    merchant: Merchant,
    *,
    email: str | None = None,
    url: str | None = None,
    problem: str = "",
    secret: str = "",
) -> Response[str]:
    deps = merchant.deps
    async with deps.database.read() as tx:
        settings = await alert_settings.get(tx, merchant.own.id, deps.clock.now())
        messages = await alert_messages.newest(tx, merchant.own.id, SHOWN)
    suggested = settings.email or merchant.own.organization.contact_email
    view = AlertsView(
        settings=settings,
        mail=deps.settings.mail,
        hooks=deps.settings.alert_hooks is not AlertHooks.OFF,
        local=deps.settings.alert_hooks is AlertHooks.LOCAL,
        causes=tuple((cause.value, cause not in settings.off) for cause in Cause),
        sent=tuple(map(_sent, messages)),
        email=suggested if email is None else email,
        url=settings.hook_url if url is None else url,
        problem=problem,
        secret=secret,
    )
    return merchant.page("alerts.html", view, section="apps", status=422 if problem else 200)


def _sent(message: Message) -> Sent:
    state = message.state
    if state == "waiting" and message.attempts and message.error:
        state = "again"
    return Sent(message.channel.value, message.kind, message.created_at, state, message.error)


# ---- Buttons -------------------------------------------------------------------------------------


@post(f"{HERE}/email")
async def email(merchant: Merchant, form: Form) -> Response[str] | Redirect:
    """Saves the address, and sends it a link that its owner opens. Nothing else goes there before.
    With an empty address, or "remove", no mail is sent any more.
    """
    typed = "" if form.one("do") == "remove" else form.one("email")
    if merchant.standing.phase is Phase.NONE or not merchant.deps.settings.mail:
        return merchant.unchanged(HERE)
    if typed and not is_address(typed):
        return await _page(merchant, email=typed, problem="email")
    if typed:
        _limits(merchant).take(ALERTS, str(merchant.own.id))
    deps, now, ticket = merchant.deps, merchant.deps.clock.now(), merchant.deps.dice.token()
    async with deps.database.transaction() as tx:
        before = await alert_settings.get(tx, merchant.own.id, now)
        if typed and typed == before.email and before.by_mail:
            return merchant.go(HERE, "alerts_saved")
        await alert_messages.drop(tx, merchant.own.id, Channel.MAIL)
        await alert_settings.set_email(tx, merchant.own.id, typed, ticket, now)
        if typed:
            facts = {"ticket": ticket, "to": typed}
            await _send(merchant, tx, Channel.MAIL, CONFIRM, facts)
        await _noted(merchant, tx, "email" if typed else "no email")
    return merchant.go(HERE, "alerts_confirm" if typed else "alerts_no_mail", address=typed)


@post(f"{HERE}/webhook")
async def webhook(merchant: Merchant, form: Form) -> Response[str] | Redirect:
    """Saves the webhook's address with a new secret, or makes a new secret. The answer shows it,
    and nothing shows it again.
    """
    wish = form.one("do")
    typed = "" if wish == "remove" else form.one("url")
    hooks, deps = merchant.deps.settings.alert_hooks, merchant.deps
    if merchant.standing.phase is Phase.NONE or hooks is AlertHooks.OFF:
        return merchant.unchanged(HERE)
    problem = refusal(typed, local=hooks is AlertHooks.LOCAL) if typed else ""
    if problem:
        return await _page(merchant, url=typed, problem=problem)
    now, secret = deps.clock.now(), new_secret(deps.dice.token())
    async with deps.database.transaction() as tx:
        before = await alert_settings.get(tx, merchant.own.id, now)
        if wish == "renew":
            if not await alert_settings.renew(tx, merchant.own.id, secret, now):
                return merchant.unchanged(HERE)
        elif typed and typed == before.hook_url:
            return merchant.go(HERE, "alerts_saved")
        else:
            await alert_messages.drop(tx, merchant.own.id, Channel.WEBHOOK)
            await alert_settings.set_hook(tx, merchant.own.id, typed, secret, now)
        await _noted(merchant, tx, "webhook" if typed or wish == "renew" else "no webhook")
    if not typed and wish != "renew":
        return merchant.go(HERE, "alerts_no_hook")
    return await _page(merchant, secret=secret)


@post(f"{HERE}/causes")
async def causes(merchant: Merchant, form: Form) -> Redirect:
    """What is ticked is told, in the language of this page."""
    if merchant.standing.phase is Phase.NONE:
        return merchant.unchanged(HERE)
    ticked = set(form.many("cause"))
    async with merchant.deps.database.transaction() as tx:
        off = [cause for cause in Cause if cause.value not in ticked]
        await alert_settings.set_off(tx, merchant.own.id, off)
        await _noted(merchant, tx, "causes")
    return merchant.go(HERE, "alerts_saved")


@post(f"{HERE}/test")
async def test(merchant: Merchant, form: Form) -> Redirect:
    """A message that says that it is a test, to each place that is set."""
    _limits(merchant).take(ALERTS, str(merchant.own.id))
    deps = merchant.deps
    async with deps.database.transaction() as tx:
        settings = await alert_settings.get(tx, merchant.own.id, deps.clock.now())
        wanted = [
            channel
            for channel, is_open in (
                (Channel.MAIL, settings.by_mail and deps.settings.mail),
                (Channel.WEBHOOK, settings.by_hook),
            )
            if is_open
        ]
        for channel in wanted:
            await _send(merchant, tx, channel, TEST, {})
    if not wanted:
        return merchant.unchanged(HERE)
    return merchant.go(HERE, "alerts_tested")


async def _send(
    merchant: Merchant, tx: Tx, channel: Channel, kind: str, facts: dict[str, str]
) -> None:
    draft = Draft(channel, kind, f"msg_{merchant.deps.dice.token()}", (), facts)
    await alert_messages.save(tx, merchant.own.id, draft, merchant.deps.clock.now())


async def _noted(merchant: Merchant, tx: Tx, what: str) -> None:
    await alert_settings.set_language(tx, merchant.own.id, merchant.language)
    await note(tx, merchant.request, Act.ALERTS_CHANGED, merchant.own.id, what=what)


def _limits(merchant: Merchant) -> Limits:
    limits: Limits = merchant.request.app.state.limits
    return limits


def is_address(text: str) -> bool:
    """Whether a mail can be sent there: one address of plain characters, without a name."""
    if not text.isascii() or not text.isprintable() or len(text) > LONGEST or " " in text:
        return False
    try:
        parts = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        return False
    host = parts.domain
    return bool(parts.username) and "." in host.strip(".") and not host.startswith("[")


# ---- The confirmation link -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConfirmView:
    """`state` is "ask", "done" or "over"."""

    state: str
    email: str = ""
    ticket: str = ""


@get(f"{CONFIRMING}{{ticket:str}}")
async def ask(visit: Visit, ticket: str) -> Response[str]:
    """The link in the mail. A button confirms: programs that look at every link do not press it."""
    async with visit.deps.database.read() as tx:
        found = await alert_settings.ticketed(tx, ticket, visit.deps.clock.now())
    view = ConfirmView("over") if found is None else ConfirmView("ask", found, ticket)
    return visit.page("confirm.html", view, status=200 if found else 404)


@post(f"{CONFIRMING}{{ticket:str}}", exclude_from_csrf=True)
async def confirm(visit: Visit, ticket: str) -> Response[str]:
    """Whoever has the ticket may confirm: it was sent to the address. No session is needed, and
    nothing else is done.
    """
    async with visit.deps.database.transaction() as tx:
        found = await alert_settings.confirm(tx, ticket, visit.deps.clock.now())
    if found is None:
        return visit.page("confirm.html", ConfirmView("over"), status=404)
    return visit.page("confirm.html", ConfirmView("done"))


__all__ = ["ask", "causes", "confirm", "email", "is_address", "show", "test", "webhook"]
