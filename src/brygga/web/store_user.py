"""Which user of a BigCommerce store began a session: the one who opened it from the control panel,
or approved the app.

When BigCommerce removes that user, the session ends (bigcommerce facts 1.5). The user's id gives no
right by itself.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from brygga.database import store_users
from brygga.database.engine import Database
from brygga.database.sealing import SealBroken
from brygga.web.deps import WebDeps
from brygga.web.session import AnyRequest

KEY: Final = "store_user"
TICKET_LIFE: Final = timedelta(hours=24)
"""The lifetime of the signed message that opens the page in the control panel."""
_PURPOSE: Final = "panel"


@dataclass(frozen=True, slots=True)
class StoreUser:
    """`since` is the time when the user certainly had access."""

    store: str
    user: int
    since: datetime


def panel_ticket(deps: WebDeps, store_hash: str, user_id: int) -> str:
    """Names the user to our own pages, which have no cookie in the control panel's frame. It is
    encrypted, so that nobody can name another user.
    """
    came = StoreUser(store_hash, user_id, deps.clock.now())
    return deps.database.sealer.seal(msgspec.json.encode(came), _PURPOSE).hex()


def read_panel_ticket(deps: WebDeps, ticket: str) -> StoreUser | None:
    """None for a ticket that is not ours, or older than a day."""
    try:
        plain = deps.database.sealer.open(bytes.fromhex(ticket), _PURPOSE)
    except (ValueError, SealBroken):
        return None
    came = msgspec.json.decode(plain, type=StoreUser)
    return came if deps.clock.now() - came.since <= TICKET_LIFE else None


def remember_store_user(request: AnyRequest, came: StoreUser) -> None:
    request.session[KEY] = {**asdict(came), "since": came.since.isoformat()}


def kept_store_user(request: AnyRequest) -> dict[str, Any]:
    """What a sign-in copies into the new session."""
    found = request.session.get(KEY)
    return {KEY: found} if isinstance(found, dict) else {}


async def lost_access(database: Database, request: AnyRequest) -> bool:
    """Whether the session was begun by a user whom BigCommerce has removed since."""
    found = request.session.get(KEY)
    if not isinstance(found, dict):
        return False
    async with database.read() as tx:
        since = datetime.fromisoformat(found["since"])
        return await store_users.is_removed(tx, str(found["store"]), int(found["user"]), since)
