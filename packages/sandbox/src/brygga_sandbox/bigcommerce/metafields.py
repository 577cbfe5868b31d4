"""Metafields: keys and values that an app stores with a product or variant (bigcommerce facts
3.12).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brygga_sandbox.numerals import whole

from .fields import Shape, mistyped, unknown
from .refusal import Json, PlainRefusal, Refusal, invalid, missing, not_found
from .shapes import METAFIELD
from .state import Metafield, Store, by_id, stamp

PERMISSIONS = ("app_only", "read", "write", "read_and_sf_access", "write_and_sf_access")
MAX_PER_RESOURCE = 250
_LIMITS = {"namespace": (1, 64), "key": (1, 64), "value": (1, 65_535), "description": (0, 255)}


def metafield_json(metafield: Metafield) -> Json:
    """A metafield as the API shows it."""
    return {
        "id": metafield.id,
        "key": metafield.key,
        "value": metafield.value,
        "namespace": metafield.namespace,
        "permission_set": metafield.permission_set,
        "resource_type": metafield.resource_type,
        "resource_id": metafield.resource_id,
        "description": metafield.description,
        "date_created": stamp(metafield.created),
        "date_modified": stamp(metafield.modified),
        "owner_client_id": metafield.owner,
    }


def check(store: Store, body: Any, *beside: str, create: bool) -> Json:
    """The accepted fields of a metafield. A batch names in `beside` the owner or the metafield."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid", detail="Syntax error")
    if create:
        required = ("permission_set", "namespace", "key", "value")
        absent = {name: f"Please provide a {name}." for name in required if body.get(name) is None}
        if absent:
            raise missing(absent)
    shape: Shape = {**METAFIELD, **dict.fromkeys(beside)}
    errors = mistyped(body, shape)
    if store.switches.unknown_fields == "refuse":
        errors |= unknown(body, shape)
    for name, (low, high) in _LIMITS.items():
        if name in body and not (isinstance(body[name], str) and low <= len(body[name]) <= high):
            errors[name] = f"{name} must be a string of {low} to {high} characters"
    if body.get("permission_set", "app_only") not in PERMISSIONS:
        errors["permission_set"] = f"permission_set must be one of {', '.join(PERMISSIONS)}"
    if errors:
        raise invalid(errors)
    return {name: body[name] for name in (*_LIMITS, "permission_set") if name in body}


def visible(
    store: Store, kind: str, client: str, resource_id: int | None = None
) -> list[Metafield]:
    """The metafields a client may read: its own, and those of others that are not restricted to
    their app.
    """
    if resource_id is None:
        found = [one for one in store.metafields.values() if one.resource_type == kind]
    else:
        found = [store.metafields[key] for key in store.metafields_of.get((kind, resource_id), [])]
    return [one for one in found if one.owner == client or one.permission_set != "app_only"]


def create(
    store: Store, kind: str, resource_id: int, client: str, body: Any, *beside: str
) -> Metafield:
    """POST a metafield. (client, namespace, key, resource) is unique."""
    values = check(store, body, *beside, create=True)
    mine = [one for one in visible(store, kind, client, resource_id) if one.owner == client]
    if any((one.namespace, one.key) == (values["namespace"], values["key"]) for one in mine):
        title = "The metafield key is a duplicate in its namespace"
        raise Refusal(409, title, {"key": title})
    if len(mine) >= MAX_PER_RESOURCE:
        raise Refusal(422, f"A resource may have at most {MAX_PER_RESOURCE} metafields", {})
    now = store.wall()
    metafield = Metafield(
        store.ids.next("metafield"),
        kind,
        resource_id,
        client,
        values["namespace"],
        values["key"],
        values["value"],
        values["permission_set"],
        values.get("description", ""),
        now,
        now,
    )
    store.metafields[metafield.id] = metafield
    store.metafields_of.setdefault((kind, resource_id), []).append(metafield.id)
    tell(store, metafield, "created")
    return metafield


def tell(store: Store, metafield: Metafield, event: str) -> None:
    """Metafields of products have their own webhooks, which `database/product/*` also includes. The
    documents do not show their data (6.1).
    """
    if metafield.resource_type == "product":
        data = {"type": "metafield", "id": metafield.id, "resource_id": metafield.resource_id}
        store.emit(f"store/product/metafield/{event}", data)


def own(
    store: Store, kind: str, client: str, metafield_id: Any, resource_id: int | None = None
) -> Metafield:
    """A metafield the client may change, or 404. 403 if the client may only read it."""
    found = by_id(store.metafields, whole(metafield_id))
    if (
        found is None
        or found.resource_type != kind
        or (resource_id is not None and found.resource_id != resource_id)
    ):
        raise not_found("metafield", metafield_id)
    if found.owner != client:
        if found.permission_set == "app_only":
            raise not_found("metafield", metafield_id)
        if not found.permission_set.startswith("write"):
            raise Refusal(403, "You don't have permission to change this metafield", {})
    return found


def update(store: Store, metafield: Metafield, body: Any, *beside: str) -> None:
    """PUT a metafield."""
    for name, value in check(store, body, *beside, create=False).items():
        setattr(metafield, name, value)
    metafield.modified = store.wall()
    tell(store, metafield, "updated")


def delete(store: Store, metafield: Metafield) -> None:
    """DELETE a metafield."""
    del store.metafields[metafield.id]
    store.metafields_of[metafield.resource_type, metafield.resource_id].remove(metafield.id)
    tell(store, metafield, "deleted")


def forget(store: Store, client: str) -> None:
    """All metafields of an app are deleted with it (bigcommerce facts 3.12)."""
    for metafield in [one for one in store.metafields.values() if one.owner == client]:
        delete(store, metafield)


def batch(most: int, rows: Any, work: Callable[[Any], Any]) -> Json:
    """Process each row. A partial failure is 422 in the same form (bigcommerce facts 3.12)."""
    if not isinstance(rows, list) or not rows:
        raise Refusal(422, "JSON data is missing or invalid", {"body": "must be a non-empty array"})
    if len(rows) > most:
        raise Refusal(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {most}.",
        )
    done: list[Any] = []
    errors: list[Json] = []
    for row in rows:
        try:
            done.append(work(row))
        except Refusal as refusal:
            errors.append(
                {name: value for name, value in refusal.body().items() if name != "instance"}
            )
    meta = {"total": len(rows), "success": len(done), "failed": len(errors)}
    answer = {"data": done, "errors": errors, "meta": meta}
    if errors:
        raise PlainRefusal(422, answer)
    return answer
