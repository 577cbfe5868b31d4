"""Signing in with Zettle: the code grant, without storage (zettle facts 1.2 to 1.4).

The caller of a refresh saves the new tokens before it uses them: a refresh may make the token that
was used for it invalid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from brygga.core.failures import NeedsMerchant, Refused, Unreachable
from brygga.wire import Call, Gate, OpenGate, Wire, lost
from brygga.wire.door import detail
from brygga.wire.reading import record, text, whole
from brygga.zettle.api.door import body_of, problem
from brygga.zettle.codes import Code

SCOPES = ("READ:PRODUCT", "WRITE:PRODUCT", "READ:USERINFO", "READ:PURCHASE")
"""The scopes that we ask for: library and stock, the account's currency, and sales to explain a
line (zettle facts 1.5).
"""
LIFETIME_S = 7200  # zettle facts 1.3


@dataclass(frozen=True, slots=True)
class ZettleApp:
    """Our app as registered with Zettle, and the address of the sign-in."""

    client_id: str
    redirect_uri: str
    client_secret: str = field(repr=False)
    oauth_url: str = "https://oauth.zettle.com"


@dataclass(frozen=True, slots=True)
class Grant:
    """The result of a token call. `refresh_token` is the one to use next time, whether Zettle
    changed it or not.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime_s: int = LIFETIME_S


def authorize_url(app: ZettleApp, state: str) -> str:
    """The sign-in address for the merchant's browser. Scopes are separated by %20 (zettle facts
    1.2).
    """
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "scope": " ".join(SCOPES),
        "redirect_uri": app.redirect_uri,
        "state": state,
    }
    return f"{app.oauth_url}/authorize?{urlencode(query).replace('+', '%20')}"


async def exchange(wire: Wire, app: ZettleApp, code: str, gate: Gate | None = None) -> Grant:
    """Exchanges the browser's code for tokens. A code works once: a wrong, used or old one is
    Refused, a lost answer Unanswered.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri}
    return await _token(wire, app, form, gate, refused=Refused(Code.SIGN_IN_REFUSED))


async def refresh(
    wire: Wire, app: ZettleApp, refresh_token: str, gate: Gate | None = None
) -> Grant:
    """Exchanges a refresh token for a new pair.

    Only `invalid_grant` means that access is gone (NeedsMerchant). A lost answer is Unanswered,
    because the old token may be invalid now.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await _token(
        wire, app, form, gate, refused=NeedsMerchant(Code.ACCESS_GONE), before=refresh_token
    )


async def _token(
    wire: Wire,
    app: ZettleApp,
    form: Mapping[str, str],
    gate: Gate | None,
    *,
    refused: Refused | NeedsMerchant,
    before: str = "",
) -> Grant:
    secrets = {"client_id": app.client_id, "client_secret": app.client_secret}
    call = Call(
        "zettle", "POST", f"{app.oauth_url}/token", form={**form, **secrets}, repeatable=False
    )
    answer = await wire.send(call, gate or OpenGate())
    if not answer.is_success:
        found = problem(answer)
        reported = detail(call, answer, f"{found.kind} {found.words}".strip())
        if found.kind == "invalid_grant":
            raise type(refused)(refused.code, reported)
        # Our own credentials or address are wrong, or the host has a problem: the merchant's
        # consent could not fix that.
        raise Unreachable(Code.UNREACHABLE, reported)
    body = record(body_of(call, answer))
    access, fresh = text(body.get("access_token")), text(body.get("refresh_token")) or before
    if not access or not fresh:
        raise lost(call, f"{answer.status} without tokens")
    return Grant(access, fresh, whole(body.get("expires_in")) or LIFETIME_S)
