"""Installing the app: exchanges the code of a callback for a token, and reads the signed payload of
the other callbacks (bigcommerce facts 1.3, 1.5).

Nothing is stored here. A store has one token, which does not expire and is not refreshed.
Installing again gives a new one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from brygga.bigcommerce.codes import Code
from brygga.bigcommerce.refusals import problem
from brygga.core.failures import Refused, Unreachable
from brygga.wire import Call, Gate, OpenGate, Wire, lost
from brygga.wire.door import detail
from brygga.wire.reading import identifier, moment, record, text, within

SCOPES = (
    "store_v2_products",
    "store_inventory",
    "store_locations_read_only",
    "store_v2_information_read_only",
    "store_v2_orders_read_only",
)
"""The smallest useful set, to be registered with the app (bigcommerce facts 1.6)."""
ALGORITHMS = [
    "HS256",
    "HS512",
]  # What the official client accepts; never "none" (bigcommerce facts 1.5).
LEEWAY = timedelta(minutes=1)
LIFETIME = timedelta(hours=24)
"""The longest time for which a signed payload is valid (bigcommerce facts 1.5). A payload that
claims more is not BigCommerce's.
"""


@dataclass(frozen=True, slots=True)
class ShopApp:
    """Our app as registered with BigCommerce. `redirect_uri` is its auth callback, which the
    exchange sends again.
    """

    client_id: str
    redirect_uri: str
    client_secret: str = field(repr=False)
    login_url: str = "https://login.bigcommerce.com"

    @property
    def install_url(self) -> str:
        """Where a merchant's browser goes to install the app (bigcommerce facts 1.3)."""
        return f"{self.login_url}/app/{self.client_id}/install"


@dataclass(frozen=True, slots=True)
class Grant:
    """Access to one store."""

    access_token: str = field(repr=False)
    store_hash: str
    scopes: frozenset[str]
    owner_email: str = ""
    user_email: str = ""
    user_id: int = 0
    """Who approved the app; 0 when the answer does not say."""

    @property
    def missing_scopes(self) -> frozenset[str]:
        """The requested scopes that are missing. A wider right counts as its read-only form."""
        return frozenset(
            scope for scope in SCOPES if not {scope, scope.removesuffix("_read_only")} & self.scopes
        )


@dataclass(frozen=True, slots=True)
class SignedPayload:
    """Who called, for which store: the claims of load, uninstall and remove_user."""

    store_hash: str
    user_id: int
    user_email: str
    owner_id: int
    issued: datetime
    expires: datetime
    id: str
    """The `jti`: it identifies one message."""
    locale: str = ""
    path: str = "/"

    @property
    def is_owner(self) -> bool:
        return bool(self.user_id) and self.user_id == self.owner_id


def store_hash_of(context: str) -> str:
    """The store's hash in `stores/{hash}`; "" for any other text."""
    head, _, found = context.partition("/")
    return found if head == "stores" and found.isascii() and found.isalnum() else ""


async def exchange(
    wire: Wire, app: ShopApp, *, code: str, scope: str, context: str, gate: Gate | None = None
) -> Grant:
    """Exchanges the callback's code for the store's token, before the callback is answered.

    `scope` and `context` are sent back as they came. A wrong, used or old code is Refused; a lost
    answer is Unanswered.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "code": code,
        "scope": scope,
        "context": context,
        "grant_type": "authorization_code",
        "redirect_uri": app.redirect_uri,
    }
    call = Call("bigcommerce", "POST", f"{app.login_url}/oauth2/token", form=form, repeatable=False)
    answer = await wire.send(call, gate or OpenGate())
    if not answer.is_success:
        reported = detail(call, answer, problem(answer).title)
        if answer.status == 400:
            raise Refused(Code.INSTALL_CODE_REFUSED, reported, answer.status)
        raise Unreachable(Code.UNREACHABLE, reported)
    try:
        body = record(answer.json())
    except ValueError:
        raise lost(call, f"{answer.status} unreadable") from None
    grant = Grant(
        access_token=text(body.get("access_token")),
        store_hash=store_hash_of(text(body.get("context"))),
        scopes=frozenset(text(body.get("scope")).split()),
        owner_email=text(within(body, "owner", "email")),
        user_email=text(within(body, "user", "email")),
        user_id=identifier(within(body, "user", "id")),
    )
    if not grant.access_token or not grant.store_hash:
        raise lost(call, f"{answer.status} without token or store")
    return grant


def read_signed_payload(app: ShopApp, token: str, now: datetime) -> SignedPayload:
    """The claims of a `signed_payload_jwt` that BigCommerce signed for this app and that is valid
    now. Raises Refused otherwise.

    The older `signed_payload`, two parts and a signature of its own kind, is refused like any other
    text.
    """
    try:
        # Time is checked below with the given time: the library would ask the system's clock.
        claims: dict[str, Any] = jwt.decode(
            token,
            app.client_secret,
            algorithms=ALGORITHMS,
            audience=app.client_id,
            options={
                "require": ["aud", "exp", "iat", "jti", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise Refused(Code.SIGNED_PAYLOAD_REFUSED, type(error).__name__) from None
    issued, expires = _in_force(claims, now)
    store_hash = store_hash_of(text(claims.get("sub")))
    if not store_hash:
        raise Refused(Code.SIGNED_PAYLOAD_REFUSED, "no store")
    return SignedPayload(
        store_hash=store_hash,
        user_id=identifier(within(claims, "user", "id")),
        user_email=text(within(claims, "user", "email")),
        owner_id=identifier(within(claims, "owner", "id")),
        issued=issued,
        expires=expires,
        id=text(claims["jti"]),
        locale=text(within(claims, "user", "locale")),
        path=text(claims.get("url")) or "/",
    )


def _in_force(claims: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """The start and the end of the payload's validity. Raises Refused when it is not valid now, or
    is valid for longer than BigCommerce's payloads.
    """
    issued, begins, expires = (moment(claims.get(name)) for name in ("iat", "nbf", "exp"))
    if issued is None or expires is None or not text(claims["jti"]):
        raise Refused(Code.SIGNED_PAYLOAD_REFUSED, "no times, or no id")
    if now > expires + LEEWAY:
        raise Refused(Code.SIGNED_PAYLOAD_REFUSED, "expired")
    if now < max(issued, begins or issued) - LEEWAY:
        raise Refused(Code.SIGNED_PAYLOAD_REFUSED, "not yet valid")
    if not issued < expires <= issued + LIFETIME + LEEWAY:
        raise Refused(Code.SIGNED_PAYLOAD_REFUSED, "lasts too long")
    return issued, expires
