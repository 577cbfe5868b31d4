"""Webhooks: who subscribed to what, and how a delivery proceeds (bigcommerce facts 6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from brygga_sandbox.outbox import Message, Outbox

from .hook_rules import address_of, covers, fits_a_header, signing_key
from .refusal import Json, Refusal
from .scopes import EXCEPTION, known
from .state import Store, uuid_of

RETRIES = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21_600, 50_400, 86_400)
"""The seconds between attempts (bigcommerce facts 6.4)."""
QUIET_DAYS = 90
MAX_PER_SCOPE = 10
BLOCK_WINDOW_S, BLOCK_FROM, BLOCK_BELOW, BLOCKED_S = 120, 100, 0.9, 180


@dataclass(slots=True)
class Hook:
    """One webhook of one client."""

    id: int
    client_id: str
    scope: str
    destination: str
    is_active: bool
    headers: dict[str, str]
    created_at: int
    updated_at: int
    works_from: float
    last_event: float
    deactivated: bool = False


@dataclass(slots=True)
class Domain:
    """The recent results of deliveries to one domain."""

    tries: deque[tuple[float, bool]] = field(default_factory=deque)
    blocked_until: float = 0.0
    reasons: list[Json] = field(default_factory=list)
    """The reason for the block, as GET /hooks/admin lists it."""


class Hooks:
    """The webhooks of one store, and their deliveries."""

    def __init__(
        self, store: Store, outbox: Outbox, secret_of: Callable[[str], str], delay_s: float
    ) -> None:
        self.store = store
        self.outbox = outbox
        self.secret_of = secret_of
        self.delay_s = delay_s
        self.all: dict[int, Hook] = {}
        self.by_scope: dict[str, list[Hook]] = {}
        self.domains: dict[tuple[str, str], Domain] = {}
        self.reported_at: dict[str, float] = {}
        self.emails: dict[str, list[str]] = {}
        self.mails: list[Json] = []
        store.subscribers.append(self.event)

    # -- managing
    # ----------------------------------------------------------------------------------------------

    def json(self, hook: Hook) -> Json:
        """A webhook as its owner sees it."""
        return {
            "id": hook.id,
            "client_id": hook.client_id,
            "store_hash": self.store.hash,
            "created_at": hook.created_at,
            "updated_at": hook.updated_at,
            "scope": hook.scope,
            "destination": hook.destination,
            "is_active": hook.is_active,
            "headers": dict(hook.headers),
        }

    def of(self, client_id: str) -> list[Hook]:
        """The webhooks of a client. Those without an event for 90 days are deactivated first."""
        mine = [hook for hook in self.all.values() if hook.client_id == client_id]
        for hook in mine:
            self.retire(hook)
        return mine

    def one(self, client_id: str, hook_id: str) -> Hook:
        """A webhook of this client, or 404. A client cannot see the webhooks of others."""
        found = next((hook for hook in self.of(client_id) if str(hook.id) == hook_id), None)
        if found is None:
            raise Refusal(404, f"Webhook with id [{hook_id}] not found")
        return found

    def create(self, client_id: str, body: Any) -> Hook:
        """POST /v3/hooks. The webhook starts to work within a minute (bigcommerce facts 6.1)."""
        if not isinstance(body, dict):
            raise Refusal(400, "Input is invalid.")
        for name in ("scope", "destination"):
            if not body.get(name):
                raise self.malformed(name, "error.path.missing.")
        values = self.checked(body)
        self.room_for(client_id, values["scope"], values["destination"])
        now = int(self.store.wall())
        hook = Hook(
            self.store.ids.next("hook"),
            client_id,
            values["scope"],
            values["destination"],
            values.get("is_active", True),
            values.get("headers", {}),
            now,
            now,
            self.store.now() + self.delay_s,
            self.store.now(),
        )
        self.all[hook.id] = hook
        self.by_scope.clear()
        return hook

    def update(self, hook: Hook, body: Any) -> None:
        """PUT a webhook. Reactivating it does not deliver what it missed."""
        if not isinstance(body, dict):
            raise Refusal(400, "Input is invalid.")
        values = self.checked(body)
        address = (values.get("scope", hook.scope), values.get("destination", hook.destination))
        if address != (hook.scope, hook.destination):
            self.room_for(hook.client_id, *address, but=hook)
        for name, value in values.items():
            setattr(hook, name, value)
        if values.get("is_active"):
            hook.deactivated, hook.last_event = False, self.store.now()
        hook.updated_at = int(self.store.wall())
        self.by_scope.clear()

    def delete(self, hook: Hook) -> None:
        """DELETE a webhook. Its pending messages are dropped."""
        self.all.pop(hook.id, None)
        self.by_scope.clear()

    def forget(self, client_id: str) -> None:
        """The app is uninstalled, and all its webhooks are deleted (bigcommerce facts 1.4)."""
        for hook in [one for one in self.all.values() if one.client_id == client_id]:
            self.delete(hook)

    def malformed(self, name: str, words: str) -> Refusal:
        """422 in the form of the webhooks API."""
        return Refusal(422, "JSON data is missing or invalid", {name: words})

    def checked(self, body: Json) -> Json:
        """The accepted fields of a webhook."""
        if "scope" in body and not known(body["scope"]):
            raise self.malformed("scope", "error.scope.invalid")
        if "destination" in body:
            self.check_destination(body["destination"])
        if not isinstance(body.get("is_active", True), bool):
            raise self.malformed("is_active", "error.expected.boolean")
        headers = {} if body.get("headers") is None else body["headers"]
        if not isinstance(headers, dict) or not all(
            fits_a_header(*pair) for pair in headers.items()
        ):
            raise self.malformed("headers", "error.expected.object.of.strings")
        return {
            name: body[name]
            for name in ("scope", "destination", "is_active", "headers")
            if body.get(name) is not None
        }

    def check_destination(self, destination: Any) -> None:
        """HTTPS on port 443 only. A sandbox also accepts a plain address of this machine if it runs
        on one.
        """
        place = address_of(destination)
        if place is None or len(destination) > 2000:
            raise self.malformed("destination", "error.destination.invalid")
        scheme, host, port = place
        if host not in {"localhost", "127.0.0.1", "::1"} and (
            scheme != "https" or port not in {None, 443}
        ):
            raise self.malformed("destination", "error.destination.https.port.443")

    def room_for(
        self, client_id: str, scope: str, destination: str, but: Hook | None = None
    ) -> None:
        """One webhook per scope and destination, ten per scope (bigcommerce facts 6.1)."""
        mine = [
            hook for hook in self.all.values() if hook.client_id == client_id and hook is not but
        ]
        same = [hook for hook in mine if hook.scope == scope]
        if any(hook.destination == destination for hook in same):
            title = "A webhook with this scope and destination exists already"
            raise Refusal(
                self.store.switches.duplicate_hook_status, title, {"destination": "error.duplicate"}
            )
        if scope == EXCEPTION and (same or any(hook.destination == destination for hook in mine)):
            # One exception hook for all of them, at another destination: an unreachable destination
            # cannot receive the report about itself (bigcommerce facts 6.3).
            title = (
                "A webhook for delivery exceptions is the only one, with a destination of its own"
            )
            raise Refusal(422, title, {"destination": "error.exception.destination"})
        if len(same) >= MAX_PER_SCOPE:
            raise Refusal(
                422,
                f"A scope may have at most {MAX_PER_SCOPE} webhooks",
                {"scope": "error.too.many"},
            )

    def admin(self, client_id: str) -> Json:
        """GET /v3/hooks/admin: e-mails, the state of every webhook, and blocked domains."""
        now = self.store.now()
        rows = [
            {
                **self.json(hook),
                "status": "deactivated"
                if hook.deactivated
                else "active"
                if hook.is_active
                else "inactive",
            }
            for hook in self.of(client_id)
        ]
        blocked = [
            {
                "destination": name,
                "time_left": int(domain.blocked_until - now),
                "reasons": domain.reasons,
            }
            for (client, name), domain in self.domains.items()
            if client == client_id and domain.blocked_until > now
        ]
        return {
            "emails": self.emails.get(client_id, []),
            "hooks_list": rows,
            "blocked_domains": blocked,
        }

    def retire(self, hook: Hook) -> None:
        """Deactivate a webhook that had no event for 90 days."""
        if hook.is_active and self.store.now() - hook.last_event > QUIET_DAYS * 86_400:
            self.switch_off(hook)

    def switch_off(self, hook: Hook) -> None:
        """Deactivate a webhook and write to its app."""
        hook.is_active, hook.deactivated = False, True
        self.mails.append({"client_id": hook.client_id, "hook_id": hook.id, "at": self.store.now()})
        self.by_scope.clear()

    # -- delivering
    # ---------------------------------------------------------------------------------------------

    def listeners(self, scope: str) -> list[Hook]:
        """The active webhooks that subscribe to a scope."""
        found = self.by_scope.get(scope)
        if found is None:
            found = [
                hook for hook in self.all.values() if hook.is_active and covers(hook.scope, scope)
            ]
            self.by_scope[scope] = found
        return found

    def event(self, scope: str, data: Json) -> None:
        """Report an event of the store: every webhook that subscribes to it sends a message."""
        listeners = self.listeners(scope)
        if not listeners:
            return
        now = self.store.now()
        for hook in list(listeners):
            self.retire(hook)
            if hook.is_active and now >= hook.works_from:
                hook.last_event = now
                self.send(hook, scope, data)

    def envelope(self, scope: str, data: Json) -> bytes:
        """The body of a delivery. The hash covers data and time only, so two scopes may share it
        (bigcommerce facts 6.2).
        """
        created_at = int(self.store.wall())
        salted = f"{self.store.account_uuid}:{created_at}:".encode() + msgspec.json.encode(data)
        return msgspec.json.encode(
            {
                "scope": scope,
                "store_id": str(self.store.store_id),
                "data": data,
                "hash": hashlib.sha1(salted, usedforsecurity=False).hexdigest(),
                "created_at": created_at,
                "producer": f"stores/{self.store.hash}",
            }
        )

    def send(self, hook: Hook, scope: str, data: Json) -> None:
        """Hand one message to the outbox."""
        one = Letter(
            self, hook, scope, f"msg_{uuid_of(self.store.dice)}", self.envelope(scope, data)
        )
        self.outbox.send(
            Message(one.body, one.address, RETRIES, one.landed, one.failed, one.given_up)
        )

    def headers(self, hook: Hook, message_id: str, body: bytes) -> dict[str, str]:
        """The headers of one attempt: the webhook's own, and a Standard Webhooks signature
        (bigcommerce facts 6.5).
        """
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "BigCommerce-Sandbox",
            **hook.headers,
        }
        if self.blocked(hook):
            headers[BLOCKED] = "1"
        if self.store.switches.signed_webhooks:
            reading = self.store.switches.signature_key
            moment = str(int(self.store.wall() * (1000 if reading == "milliseconds" else 1)))
            signed = f"{message_id}.{moment}.".encode() + body
            digest = hmac.new(
                signing_key(self.secret_of(hook.client_id), reading), signed, hashlib.sha256
            ).digest()
            headers["webhook-id"] = message_id
            headers["webhook-timestamp"] = moment
            version = "v1a" if reading == "v1a" else "v1"
            headers["webhook-signature"] = f"{version},{base64.b64encode(digest).decode()}"
        return headers

    def domain(self, hook: Hook) -> Domain:
        """The record of a webhook's domain, kept per client."""
        name = urlsplit(hook.destination).hostname or ""
        return self.domains.setdefault((hook.client_id, name), Domain())

    def blocked(self, hook: Hook) -> bool:
        """True while the domain is on the block list. Its messages go to the retry queue unsent."""
        return self.domain(hook).blocked_until > self.store.now()

    def failed(self, hook: Hook, scope: str) -> None:
        """An attempt failed. It counts for the block list, and the client's exception hook receives
        it.
        """
        if not self.blocked(hook):
            self.count(hook, good=False)
        last = self.reported_at.get(hook.destination, float("-inf"))
        if self.store.now() - last >= 600:
            self.reported_at[hook.destination] = self.store.now()
            self.exception(hook, scope, 90_001, "delivery failed and will be retried")

    def gave_up(self, hook: Hook, scope: str) -> None:
        """The last attempt failed: the webhook is deactivated (bigcommerce facts 6.4)."""
        self.switch_off(hook)
        self.exception(hook, scope, 90_002, "all tries have failed; the webhook is disabled")

    def exception(self, hook: Hook, scope: str, code: int, message: str) -> None:
        """Notify the client's own exception hook, which must have another destination."""
        if scope == EXCEPTION:
            return
        data = {"type": "webhook", "id": hook.id, "error_code": code, "message": message}
        for listener in self.listeners(EXCEPTION):
            if listener.client_id == hook.client_id and listener.destination != hook.destination:
                self.send(listener, EXCEPTION, data)

    def count(self, hook: Hook, *, good: bool) -> None:
        """The success ratio per domain over two minutes. Below 90 % of 100 or more attempts, the
        domain is on the block list for three minutes.
        """
        now = self.store.now()
        domain = self.domain(hook)
        domain.tries.append((now, good))
        while domain.tries and domain.tries[0][0] <= now - BLOCK_WINDOW_S:
            domain.tries.popleft()
        if len(domain.tries) < BLOCK_FROM or domain.blocked_until > now:
            return
        if sum(ok for _, ok in domain.tries) < BLOCK_BELOW * len(domain.tries):
            failed = sum(not ok for _, ok in domain.tries)
            domain.reasons = [
                {
                    "failure_description": "low success rate",
                    "count": failed,
                    "timestamp": int(self.store.wall()),
                }
            ]
            domain.blocked_until = now + BLOCKED_S
            domain.tries.clear()
            self.exception(hook, hook.scope, 90_003, "the domain is blocked")


@dataclass(slots=True)
class Letter:
    """One message to one webhook. It is valid while the webhook exists and is active."""

    hooks: Hooks
    hook: Hook
    scope: str
    message_id: str
    body: bytes

    def address(self) -> tuple[str, dict[str, str]] | None:
        """The address, if the webhook still exists."""
        if self.hooks.all.get(self.hook.id) is not self.hook or not self.hook.is_active:
            return None
        return self.hook.destination, self.hooks.headers(self.hook, self.message_id, self.body)

    def landed(self) -> None:
        self.hooks.count(self.hook, good=True)

    def failed(self, attempt: int, status: int | None) -> None:
        self.hooks.failed(self.hook, self.scope)

    def given_up(self) -> None:
        self.hooks.gave_up(self.hook, self.scope)


BLOCKED = "x-sandbox-blocked"
"""Marks an attempt that must not be sent, because its domain is blocked."""
