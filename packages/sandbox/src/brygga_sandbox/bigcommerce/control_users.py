"""Control addresses for the users of a store: who besides the owner may open its apps (bigcommerce
facts 1.5).
"""

from __future__ import annotations

from typing import Any

from brygga_sandbox.http import Request, Response, Router
from brygga_sandbox.numerals import whole

from .apps import person
from .core import Core
from .door import answer, decoded, refused
from .refusal import Json, Refusal, invalid
from .state import Store, User, by_id


def mount(router: Router, sandbox: Core) -> None:
    """GET, POST /sandbox/users; DELETE /sandbox/users/{id}; GET /sandbox/load. `store_hash` names
    the store. The default is the first store.
    """

    def store_of(request: Request) -> Store:
        wanted = request.value("store_hash")
        if wanted is not None and wanted not in sandbox.stores:
            raise Refusal(404, f"There is no store {wanted}", {})
        return sandbox.store(wanted)

    async def listed(request: Request) -> Any:
        store = store_of(request)
        return {
            "owner": person(store.owner),
            "users": [person(one) for one in store.users.values()],
        }

    async def added(request: Request) -> Any:
        body = decoded(request.body)
        email = body.get("email") if isinstance(body, dict) else None
        if not isinstance(email, str) or "@" not in email:
            raise invalid({"email": "email must be an e-mail address"})
        return person(sandbox.add_user(store_of(request).hash, email))

    async def removed(request: Request) -> Any:
        store = store_of(request)
        user = user_of(store, request.params["user_id"])
        return {"told": await sandbox.remove_user(store.hash, user.id)}

    async def load(request: Request) -> Any:
        """The address with which the control panel opens an app, for `user_id` or the owner."""
        store, app = (
            store_of(request),
            sandbox.apps.registered.get(request.value("client_id") or ""),
        )
        if app is None:
            raise Refusal(404, "No such app is registered", {})
        wanted = request.value("user_id")
        user = store.owner if wanted is None else user_of(store, wanted)
        return {"url": sandbox.apps.load_address(app, store, user, request.value("url") or "/")}

    for method, path, act in (
        ("GET", "/sandbox/users", listed),
        ("POST", "/sandbox/users", added),
        ("DELETE", "/sandbox/users/{user_id}", removed),
        ("GET", "/sandbox/load", load),
    ):
        router.add(method, path, bound(act), control=True)


def bound(act: Any) -> Any:
    """The action as a handler: it returns JSON, and refuses in the form of the platform."""

    async def run(request: Request) -> Response:
        try:
            value: Json = await act(request)
        except Refusal as refusal:
            return refused(refusal)
        return answer(value)

    return run


def user_of(store: Store, user_id: str) -> User:
    """A user of the store besides the owner, or 404."""
    found = by_id(store.users, whole(user_id))
    if found is None:
        raise Refusal(404, f"There is no user {user_id}", {})
    return found
