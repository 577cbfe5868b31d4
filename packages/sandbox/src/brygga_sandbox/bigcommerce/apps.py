"""Apps: how they are registered, installed with a code, and opened and uninstalled with a signed
payload (bigcommerce facts 1).
"""

from __future__ import annotations

import base64
import hmac
import random
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from brygga_sandbox.clock import Clock

from .metafields import forget
from .refusal import Json, PlainRefusal
from .state import Store, User, uuid_of

if TYPE_CHECKING:
    from .hooks import Hooks

CODE_LIFE_S = 600
TOKEN_LETTERS = string.ascii_lowercase + string.digits
Visit = Callable[[str], Awaitable[int | None]]


@dataclass(slots=True)
class App:
    """A single-click app as its developer registered it."""

    client_id: str
    client_secret: str
    name: str
    auth_url: str
    load_url: str
    uninstall_url: str = ""
    remove_user_url: str = ""
    scopes: tuple[str, ...] = ()
    draft_of: str = ""
    """A draft can be installed only on stores whose owner has this e-mail. Empty for a published
    app.
    """
    waiting: set[str] = field(default_factory=set)
    """Stores that must authorise the app again at the next opening (scopes or the owner's e-mail
    changed).
    """


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows."""

    token: str
    store_hash: str
    client_id: str
    scopes: frozenset[str]
    user: User


@dataclass(slots=True)
class Code:
    """An authorisation code that is not exchanged yet."""

    client_id: str
    store_hash: str
    scope: str
    created: float
    user: User


def oauth_refusal(error: str, description: str) -> PlainRefusal:
    """400 as OAuth writes it (bigcommerce facts 1.3)."""
    return PlainRefusal(400, {"error": error, "error_description": description})


def with_query(url: str, values: Mapping[str, Any]) -> str:
    """A URL with an extended query."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(values)) if part)
    return urlunsplit(parts._replace(query=query))


class Apps:
    """The apps of the developer portal, and the apps that each store has installed."""

    def __init__(self, clock: Clock, dice: random.Random, visit: Visit) -> None:
        self.clock = clock
        self.dice = dice
        self.visit = visit
        self.registered: dict[str, App] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        self.dead: set[str] = set()
        """Tokens that worked until an uninstall."""
        self.uninstalls: list[Json] = []

    def word(self, length: int) -> str:
        """Random letters and digits."""
        return "".join(self.dice.choice(TOKEN_LETTERS) for _ in range(length))

    def secret(self, client_id: str) -> str:
        """The client secret, which also signs webhooks."""
        app = self.registered.get(client_id)
        return app.client_secret if app else ""

    def installed(self, store_hash: str, client_id: str) -> Grant | None:
        """The active grant of an app on a store. There is at most one."""
        return next(
            (
                one
                for one in self.grants.values()
                if (one.store_hash, one.client_id) == (store_hash, client_id)
            ),
            None,
        )

    def grant(self, store: Store, client_id: str, scopes: frozenset[str], user: User) -> Grant:
        """A new token. The previous one is invalid from now on (bigcommerce facts 1.4)."""
        before = self.installed(store.hash, client_id)
        if before is not None:
            del self.grants[before.token]
        made = Grant(self.word(31), store.hash, client_id, scopes, user)
        self.grants[made.token] = made
        app = self.registered.get(client_id)
        if app is not None:
            app.waiting.discard(store.hash)
        return made

    def may_install(self, app: App, store: Store) -> bool:
        """A draft can be installed only on its developer's own stores (bigcommerce facts 1.1)."""
        return not app.draft_of or app.draft_of == store.owner.email

    def approve(self, app: App, store: Store, user: User, *, external: bool) -> str:
        """The merchant has confirmed: the address to which the browser goes next. There is no
        `state` (bigcommerce facts 1.3).
        """
        scope = " ".join([*app.scopes, "users_basic_information"])
        code = self.word(32)
        self.codes[code] = Code(app.client_id, store.hash, scope, self.clock.now(), user)
        values = {
            "code": code,
            "scope": scope,
            "context": f"stores/{store.hash}",
            "account_uuid": store.account_uuid,
        }
        if external:
            values["external_install"] = store.switches.external_install_value
        return with_query(app.auth_url, values)

    def exchange(self, body: Mapping[str, Any], stores: Mapping[str, Store]) -> Json:
        """Exchange a code for a token, once (bigcommerce facts 1.3)."""
        app = self.registered.get(str(body.get("client_id", "")))
        if app is None or body.get("client_secret") != app.client_secret:
            raise oauth_refusal("invalid_client", "Client authentication failed")
        if body.get("grant_type") != "authorization_code":
            raise oauth_refusal("unsupported_grant_type", "grant_type must be authorization_code")
        text = str(body.get("code", ""))
        code = self.codes.get(text)
        late = code is not None and self.clock.now() - code.created > CODE_LIFE_S
        if code is None or code.client_id != app.client_id or late:
            raise oauth_refusal("invalid_grant", "The code is unknown, used or expired")
        if body.get("redirect_uri") != app.auth_url:
            raise oauth_refusal("invalid_grant", "redirect_uri must equal the registered callback")
        if body.get("context") != f"stores/{code.store_hash}":
            raise oauth_refusal("invalid_grant", "context does not match the code")
        if sorted(str(body.get("scope", "")).split()) != sorted(code.scope.split()):
            raise oauth_refusal("invalid_scope", "scope does not match the code")
        del self.codes[text]
        store = stores[code.store_hash]
        grant = self.grant(store, app.client_id, frozenset(code.scope.split()), code.user)
        return {
            "access_token": grant.token,
            "scope": code.scope,
            "user": person(code.user),
            "owner": person(store.owner),
            "context": f"stores/{store.hash}",
            "account_uuid": store.account_uuid,
        }

    def payload(self, app: App, store: Store, user: User, url: str = "/") -> str:
        """The signed payload of load, uninstall and remove_user: HS256 with the client secret
        (bigcommerce facts 1.5).
        """
        now = int(self.clock.now())
        claims = {
            "aud": app.client_id,
            "iss": "bc",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 86_400,
            "jti": uuid_of(self.dice),
            "sub": f"stores/{store.hash}",
            "user": {"id": user.id, "email": user.email, "locale": "en-US"},
            "owner": {"id": store.owner.id, "email": store.owner.email},
            "url": url,
            "channel_id": None,
        }
        return signed(claims, app.client_secret, store.switches.payload_algorithm)

    def load_address(self, app: App, store: Store, user: User, url: str = "/") -> str:
        """The address to which the control panel sends the browser to open an app."""
        return with_query(app.load_url, {"signed_payload_jwt": self.payload(app, store, user, url)})

    async def uninstall(
        self, store: Store, client_id: str, hooks: Hooks, user: User | None = None
    ) -> bool:
        """The token is invalidated, the webhooks are deleted, then the app gets one callback
        (bigcommerce facts 1.4). False if it was not installed.
        """
        grant = self.installed(store.hash, client_id)
        if grant is None:
            return False
        if store.switches.uninstall_order == "token_first":
            self.kill(grant)
        hooks.forget(client_id)
        if store.switches.metafields_after_uninstall == "gone":
            forget(store, client_id)
        app = self.registered.get(client_id)
        if app is not None and app.uninstall_url and store.switches.uninstall_callback == "sent":
            payload = self.payload(app, store, user or store.owner)
            status = await self.visit(
                with_query(app.uninstall_url, {"signed_payload_jwt": payload})
            )
            self.uninstalls.append(
                {"client_id": client_id, "store_hash": store.hash, "status": status}
            )
        self.kill(grant)
        return True

    def kill(self, grant: Grant) -> None:
        """The token no longer works."""
        self.grants.pop(grant.token, None)
        self.dead.add(grant.token)

    async def remove_user(self, store: Store, client_id: str, user: User) -> int | None:
        """Remove a user's access to the app. The app gets a callback, and its answer changes
        nothing (bigcommerce facts 1.2).
        """
        app = self.registered.get(client_id)
        if app is None or not app.remove_user_url:
            return None
        payload = self.payload(app, store, user)
        return await self.visit(with_query(app.remove_user_url, {"signed_payload_jwt": payload}))

    def ask_again(self, store: Store) -> None:
        """The owner's e-mail changed: every app must be authorised again."""
        for app in self.registered.values():
            if self.installed(store.hash, app.client_id):
                app.waiting.add(store.hash)

    def change_scopes(self, client_id: str, scopes: tuple[str, ...]) -> None:
        """The app requires other scopes: every store must confirm them at its next opening."""
        app = self.registered[client_id]
        app.scopes = scopes
        app.waiting.update(
            one.store_hash for one in self.grants.values() if one.client_id == client_id
        )


def signed(claims: Json, secret: str, algorithm: str = "HS256") -> str:
    """A JSON Web Token (RFC 7515), written here: a library for it would take as long to load as the
    whole sandbox.
    """
    header = {"alg": algorithm, "typ": "JWT"}
    head = b".".join(encoded(msgspec.json.encode(part)) for part in (header, claims))
    seal = hmac.new(
        secret.encode(), head, {"HS256": "sha256", "HS512": "sha512"}[algorithm]
    ).digest()
    return (head + b"." + encoded(seal)).decode()


def encoded(data: bytes) -> bytes:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def person(user: User) -> Json:
    """A user in the token answer."""
    return {"id": user.id, "username": user.email, "email": user.email}
