"""API keys: a merchant connects a self-hosted app without a consent page (zettle facts 1.3).

A key is a JWT that the token call accepts as an assertion. It names its own client id, and its
deletion sends its own message (4.7).
"""

import msgspec

from brygga_sandbox.clock import iso
from brygga_sandbox.zettle.accounts import part, remove_connection
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.state import ApiKey, App, Organization


def make_key(core: Core, organization: Organization, name: str, scopes: tuple[str, ...]) -> ApiKey:
    """A key as my.zettle.com/apps/api-keys creates it. Raises ValueError for a scope that no app
    can have.
    """
    user = organization.owner.uuid
    app = App(core.ids.uuid_of(4), core.ids.uuid_of(4), name, ())
    if not scopes or (unknown := [scope for scope in scopes if scope not in app.scopes]):
        raise ValueError(
            f"unknown scopes: {', '.join(unknown)}" if scopes else "a key needs a scope"
        )
    now = int(core.now())
    claims = {
        "iss": "iZettle",
        "aud": "API",
        "iat": now,
        "exp": now + 10 * 365 * 86_400,
        "sub": user,
    }
    claims |= {
        "client_id": app.client_id,
        "scope": list(scopes),
        "type": "user-assertion",
        "renewed": iso(now),
    }
    who = {"userType": "USER", "uuid": user, "orgUuid": organization.uuid, "userRole": "OWNER"}
    head = part(msgspec.json.encode({"kid": "0", "typ": "JWT", "alg": "RS256"}))
    text = (
        f"{head}.{part(msgspec.json.encode({**claims, 'user': who}))}.{part(core.ids.bytes(256))}"
    )
    core.apps[app.client_id] = app
    key = core.api_keys[text] = ApiKey(text, organization.uuid, app.client_id, user, scopes)
    return key


def drop_key(core: Core, organization: Organization, client_id: str) -> None:
    """The merchant deletes a key. Its connection ends with a message that a key was deleted. Raises
    LookupError for an unknown key.
    """
    key = next(
        (
            one
            for one in core.api_keys.values()
            if (one.organization, one.client_id) == (organization.uuid, client_id)
        ),
        None,
    )
    if key is None:
        raise LookupError(f"there is no API key of {client_id}")
    del core.api_keys[key.text]
    remove_connection(core, organization, client_id, kind="PersonalAssertionDeleted")
