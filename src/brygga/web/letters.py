"""An alert in words: as a mail, and as the body of a webhook. What happened, why, and what to do,
in the merchant's language, with a link to the page that helps.

Nothing secret, and nothing of shoppers: only the merchant's own product names and counts.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from brygga.core.alerts import Cause
from brygga.core.guards import Effect
from brygga.core.model import Connection
from brygga.core.statements import stamp
from brygga.database.alert_messages import CONFIRM, TEST, Message
from brygga.database.alert_settings import AlertSettings
from brygga.web.i18n import Language, Words, as_language, words
from brygga.web.troubles import KNOWN_QUESTIONS

HERE: Final = "/apps/bigcommerce/alerts"
CONFIRMING: Final = "/alerts/confirm/"
SECRET: Final = "whsec_"  # noqa: S105 - the prefix of every secret
LINKS: Final[Mapping[Cause, str]] = {
    Cause.ACCESS_LOST: "/apps/bigcommerce",
    Cause.SYNC_STOPPED: "/apps/bigcommerce",
    Cause.NUMBERS_TO_CHECK: "/apps/bigcommerce/check",
    Cause.NUMBERS_DIFFER: "/apps/bigcommerce/statements",
    Cause.HOOKS_DEAD: "/support",
    Cause.FIRST_SYNC_DONE: "/apps/bigcommerce",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """`names` are products that it is about. `more` is how many others there are."""

    title: str
    cause: str
    action: str
    link: str
    names: tuple[str, ...] = ()
    more: int = 0


def speech(settings: AlertSettings, connection: Connection) -> Words:
    """The language that the merchant reads our pages in, else that of the Zettle account."""
    language: Language = (
        as_language(settings.language) or as_language(connection.organization.language[:2]) or "sv"
    )
    return words(language)


def letter(said: Words, message: Message, connection: Connection, public_url: str) -> Letter:
    """The words of a message. `public_url` has no slash at its end."""
    count = int(message.facts.get("count") or 0)
    names = tuple(str(name) for name in message.facts.get("names") or ())
    params = {**_places(connection), "count": said.number(count)}
    if message.kind in (TEST, CONFIRM):
        path = HERE
        if message.kind == CONFIRM:
            path = f"{CONFIRMING}{message.facts.get('ticket', '')}"
        return _letter(said, f"alert.{message.kind}", params, public_url + path)
    cause = Cause(message.kind)
    key, path = _key(cause, message.subjects, said)
    made = _letter(said, key, params, public_url + path)
    more = max(0, count - len(names)) if names else 0
    return Letter(made.title, made.cause, made.action, made.link, names, more)


def _key(cause: Cause, subjects: tuple[str, ...], said: Words) -> tuple[str, str]:
    """The sentences and the page of a cause. A failure and a question have words of their own."""
    first = subjects[0] if subjects else ""
    if cause is Cause.BRAKE:
        kind = first if first in KNOWN_QUESTIONS else "other"
        path = f"/apps/bigcommerce/answer/{first}" if first in set(Effect) else "/apps/bigcommerce"
        return f"question.{kind}", path
    if cause is Cause.SYNC_STOPPED and first == "prices_paused":
        return "trouble.prices_paused", LINKS[cause]
    if cause in {Cause.ACCESS_LOST, Cause.SYNC_STOPPED} and said.has(f"failure.{first}"):
        return f"failure.{first}", LINKS[cause]
    return f"alert.{cause.value}", LINKS[cause]


def _letter(said: Words, key: str, params: Mapping[str, str], link: str) -> Letter:
    def part(name: str) -> str:
        return said.fill(f"{key}{name}", params) if said.has(f"{key}{name}") else ""

    return Letter(part(""), part(".cause"), part(".action"), link)


def _places(connection: Connection) -> dict[str, str]:
    shop = connection.shop
    return {
        "organization": connection.organization.name or "Zettle",
        "store": (shop.name or shop.domain or shop.store_hash) if shop else "BigCommerce",
        "till": connection.organization.currency or "–",
        "shop": (shop.currency if shop else "") or "–",
    }


# ---- Mail ----------------------------------------------------------------------------------------


def subject(said: Words, made: Letter, connection: Connection) -> str:
    """The title, and whose account it is about."""
    name = _places(connection)["organization"]
    return f"{made.title.rstrip('.')} – {name}" if name else made.title


def text(said: Words, made: Letter, kind: str, public_url: str) -> str:
    """The mail's text. It ends with why it came, and where it is switched off."""
    names = [f"– {name}" for name in made.names]
    if made.more:
        names.append(said.fill("alert.more", {"count": said.number(made.more)}))
    parts = [made.title, made.cause, "\n".join(names), made.action, made.link]
    foot = "alert.foot.confirm" if kind == CONFIRM else "alert.foot"
    parts.append(f"-- \n{said.fill(foot, {'link': public_url + HERE})}")
    return "\n\n".join(part for part in parts if part) + "\n"


def mail_id(message: Message, public_url: str) -> str:
    """The same whenever the mail is sent again."""
    return f"<{message.message_id}@{urlsplit(public_url).hostname or 'localhost'}>"


# ---- Webhook -------------------------------------------------------------------------------------


def body(message: Message, made: Letter, connection: Connection) -> bytes:
    """JSON. `type` and `id` are stable; the words are for people."""
    said: dict[str, Any] = {
        "title": made.title,
        "cause": made.cause,
        "action": made.action,
        "url": made.link,
        "products": list(made.names),
        "count": int(message.facts.get("count") or 0),
        "account": connection.organization.uuid,
        "store": connection.shop.store_hash if connection.shop else "",
    }
    whole = {"type": f"alert.{message.kind}", "timestamp": stamp(message.created_at), "data": said}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def headers(
    message: Message, content: bytes, secrets: tuple[str, ...], now: datetime
) -> Mapping[str, str]:
    """The headers of the Standard Webhooks convention. There is a signature for each secret that is
    valid now.
    """
    at = str(int(now.timestamp()))
    signed = f"{message.message_id}.{at}.".encode() + content
    signatures = [
        base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
        for secret in secrets
    ]
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def new_secret(token: str) -> str:
    """A secret as the convention writes it: 32 bytes in base64, after `whsec_`. `token` has at
    least 256 unguessable bits.
    """
    return SECRET + base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


def key_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET))
