"""Access: authorization codes, tokens, the signed-in user, and the end of a connection (zettle
facts 1).
"""

import base64
import hashlib
from urllib.parse import urlencode

import msgspec

from brygga_sandbox.http import Request, Response, Router, json_response
from brygga_sandbox.zettle.answers import no_scope, oauth_refusal
from brygga_sandbox.zettle.core import ACCESS_TOKEN_S, REFRESH_TOKEN_S, Caller, Core
from brygga_sandbox.zettle.pusher import farewell
from brygga_sandbox.zettle.state import JSON, App, Code, Grant, Organization, Token

ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def mount(router: Router, core: Core) -> None:
    """The routes of the OAuth host except its page, and the organization's details."""
    accounts = Accounts(core)
    router.add("POST", "/oauth/token", accounts.token)
    for path in ("/oauth/users/self", "/oauth/users/me"):
        router.add("GET", path, core.guarded(None, accounts.users_self))
    router.add(
        "DELETE", "/oauth/application-connections/self", core.guarded(None, accounts.disconnect)
    )
    details = core.guarded("READ:USERINFO", accounts.details)
    router.add("GET", "/secure/api/resources/organizations/{org}", details)


def query_url(base: str, values: dict[str, str | None]) -> str:
    """The address with these query values added. Absent values are left out."""
    text = urlencode({key: value for key, value in values.items() if value is not None})
    return f"{base}{'&' if '?' in base else '?'}{text}" if text else base


def give_code(
    core: Core, grant: Grant, scopes: tuple[str, ...], redirect_uri: str, challenge: str | None
) -> str:
    """A new authorization code: 32 hex digits (1.2)."""
    code = core.ids.hexadecimal(32)
    core.codes[code] = Code(
        grant, scopes, redirect_uri, core.now() + core.switches.code_lives_s, challenge
    )
    return code


def grant_for(
    core: Core, organization: Organization, app: App, user: str, scopes: tuple[str, ...]
) -> Grant:
    """The connection of this merchant and this app. It is created, or its scopes are widened."""
    key = (organization.uuid, app.client_id)
    grant = core.grants.get(key)
    if grant is None:
        grant = core.grants[key] = Grant(*key, user, scopes, core.now())
    grant.scopes = tuple(dict.fromkeys([*grant.scopes, *scopes]))
    return grant


def give_access(
    core: Core, grant: Grant, scopes: tuple[str, ...], lifetime: float = ACCESS_TOKEN_S
) -> str:
    """A new access token. It looks like a JWT (1.3), but clients should treat it as opaque."""
    now = int(core.now())
    user = {
        "userType": "USER",
        "uuid": grant.user,
        "orgUuid": grant.organization,
        "userRole": "OWNER",
    }
    claims = {"iss": "iZettle", "aud": "API", "exp": now + int(lifetime), "iat": now, "nbf": now}
    claims |= {
        "jti": core.ids.uuid_of(4),
        "sub": grant.user,
        "scope": list(scopes),
        "client_id": grant.client_id,
    }
    head = part(msgspec.json.encode({"kid": str(now // 86_400), "typ": "JWT", "alg": "RS256"}))
    text = (
        f"{head}.{part(msgspec.json.encode({**claims, 'user': user}))}.{part(core.ids.bytes(256))}"
    )
    core.access_tokens[text] = Token(grant, scopes, core.now() + lifetime)
    return text


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def give_refresh(core: Core, grant: Grant, scopes: tuple[str, ...]) -> str:
    """A new refresh token with the documented prefix (1.3)."""
    text = f"IZSEC{core.ids.uuid_of(4)}"
    core.refresh_tokens[text] = Token(grant, scopes, core.now() + REFRESH_TOKEN_S)
    return text


def remove_connection(
    core: Core,
    organization: Organization,
    client_id: str,
    *,
    by_app: bool = False,
    kind: str | None = None,
) -> bool:
    """End an application connection: its tokens are revoked, its subscriptions are deleted, and a
    last message of that kind may be sent (1.7, 4.7).
    """
    grant = core.grants.pop((organization.uuid, client_id), None)
    if grant is None:
        return False
    leaving = [one for one in organization.subscriptions.values() if one.client_id == client_id]
    if not by_app or core.switches.own_disconnect_sends_event:
        usual = (
            "PersonalAssertionDeleted"
            if core.switches.removed_key_event
            else "ApplicationConnectionRemoved"
        )
        farewell(core, organization, leaving, kind or usual)
    for one in leaving:
        del organization.subscriptions[one.uuid]
    core.codes = {text: code for text, code in core.codes.items() if code.grant is not grant}
    core.refresh_tokens = {
        text: token for text, token in core.refresh_tokens.items() if token.grant is not grant
    }
    if by_app or not core.switches.access_token_outlives_removal:
        core.access_tokens = {
            text: token for text, token in core.access_tokens.items() if token.grant is not grant
        }
    return True


class Accounts:
    """The handlers of the OAuth host."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def token(self, request: Request) -> Response:
        """POST /token: exchange a code or a refresh token for an access token (1.3)."""
        if not request.headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            return oauth_refusal(
                "invalid_request", "Content-Type must be application/x-www-form-urlencoded"
            )
        form = request.form()
        app = self.core.apps.get(form.get("client_id", ""))
        if app is None:
            return oauth_refusal("invalid_client", "Invalid client_id")
        if form.get("grant_type") == "authorization_code":
            return self.from_code(app, form)
        if form.get("grant_type") == "refresh_token":
            return self.from_refresh(app, form)
        if form.get("grant_type") == ASSERTION:
            return self.from_key(app, form)
        return oauth_refusal("unsupported_grant_type", "Unsupported grant_type")

    def from_code(self, app: App, form: dict[str, str]) -> Response:
        code = self.core.codes.get(form.get("code", ""))
        if code is None or code.expires <= self.core.now() or code.grant.client_id != app.client_id:
            return oauth_refusal("invalid_grant", "invalid code")
        if code.redirect_uri != form.get("redirect_uri"):
            return oauth_refusal("invalid_grant", "redirect_uri does not match")
        secret_counts = code.challenge is None or not self.core.switches.pkce_needs_no_secret
        if secret_counts and form.get("client_secret") != app.client_secret:
            return oauth_refusal("invalid_client", "Invalid client_secret")
        if (
            code.challenge is not None
            and challenge_of(form.get("code_verifier", "")) != code.challenge
        ):
            return oauth_refusal("invalid_grant", "invalid code_verifier")
        del self.core.codes[form["code"]]
        return self.tokens(code.grant, code.scopes)

    def from_refresh(self, app: App, form: dict[str, str]) -> Response:
        if form.get("client_secret") != app.client_secret:
            return oauth_refusal("invalid_client", "Invalid client_secret")
        text = form.get("refresh_token", "")
        token = self.core.refresh_tokens.get(text)
        if (
            token is None
            or token.expires <= self.core.now()
            or token.grant.client_id != app.client_id
        ):
            return oauth_refusal("invalid_grant", "invalid refresh_token")
        if self.core.switches.old_refresh_token_dies:
            del self.core.refresh_tokens[text]
        return self.tokens(token.grant, token.scopes)

    def from_key(self, app: App, form: dict[str, str]) -> Response:
        """An API key replaces a secret. There is no refresh token: the client sends the key again
        (1.3).
        """
        key = self.core.api_keys.get(form.get("assertion", ""))
        if key is None or key.client_id != app.client_id:
            return oauth_refusal("invalid_grant", "Invalid assertion JWT")
        grant = grant_for(
            self.core, self.core.organizations[key.organization], app, key.user, key.scopes
        )
        access = give_access(self.core, grant, key.scopes)
        return json_response({"access_token": access, "expires_in": ACCESS_TOKEN_S})

    def tokens(self, grant: Grant, scopes: tuple[str, ...]) -> Response:
        body: JSON = {
            "access_token": give_access(self.core, grant, scopes),
            "expires_in": ACCESS_TOKEN_S,
        }
        body["refresh_token"] = give_refresh(self.core, grant, scopes)
        if self.core.switches.token_answer_is_chatty:
            body |= {"token_type": "Bearer", "scope": " ".join(scopes)}
        return json_response(body)

    async def users_self(self, request: Request, caller: Caller) -> Response:
        """GET /users/self: the user and the organization (1.6)."""
        if self.core.switches.users_self_needs_scope and "READ:USERINFO" not in caller.scopes:
            return no_scope()
        return json_response({"uuid": caller.user, "organizationUuid": caller.organization.uuid})

    async def disconnect(self, request: Request, caller: Caller) -> Response:
        """DELETE /application-connections/self (1.7)."""
        remove_connection(self.core, caller.organization, caller.client_id, by_app=True)
        return Response(204)

    async def details(self, request: Request, caller: Caller) -> Response:
        """GET organizations/self of the secure host (1.6)."""
        if self.core.switches.organization_page_refused:
            return no_scope()
        return json_response(caller.organization.details)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (1.2)."""
    return part(hashlib.sha256(verifier.encode()).digest())
