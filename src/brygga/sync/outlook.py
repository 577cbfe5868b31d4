"""What the next sync would do with each product, told from our memory alone: no platform is asked and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from brygga.core import assignment, planning
from brygga.core.mapping import desired
from brygga.core.model import Connection, Origin, Product
from brygga.core.terms import Terms, terms_of
from brygga.store import bindings, duplicates, library
from brygga.store.bindings import Binding, State
from brygga.store.database import Tx
from brygga.store.library import Entry


class Action(StrEnum):
    CREATE = "create"
    LINK = "link"
    """The merchant matched it with a product of the store: it is written to from then on (P11)."""
    UPDATE = "update"
    NOTHING = "nothing"
    DELETE = "delete"
    UNLINK = "unlink"
    LEAVE_OUT = "leave out"


NOT_CHOSEN = "not_chosen"
UNASSIGNED = "unassigned"
DELETED = "deleted_in_zettle"


@dataclass(frozen=True, slots=True)
class Step:
    """`reason` says why a product is left out or leaves: one of the words above, or the code of a refusal. `notes` are what is left out
    of a product that goes."""

    uuid: str
    name: str
    action: Action
    reason: str = ""
    notes: tuple[str, ...] = ()


async def outlook(tx: Tx, connection: Connection) -> Sequence[Step]:
    """A step for every product that Zettle has or that we have in the store, by name."""
    bound = await bindings.all_of(tx, connection.id)
    uuids = list(dict.fromkeys([*await library.etags(tx, connection.id), *bound]))
    entries = await library.get_many(tx, connection.id, uuids)
    links = await duplicates.links(tx, connection.id, [uuid for uuid in uuids if uuid not in bound])
    steps = [
        step(entry, bound.get(uuid), connection, linked=uuid in links)
        for uuid in uuids
        if (entry := entries.get(uuid)) is not None
    ]
    return sorted(steps, key=lambda one: (library.sort_key(one.name), one.uuid))


def step(entry: Entry, binding: Binding | None, connection: Connection, *, linked: bool = False) -> Step:
    """What would become of one product.

    | belongs in the store | readable and within the limits | in the store | step |
    |---|---|---|---|
    | no | any | yes | delete what we created, unlink what was linked |
    | no | any | no | leave out |
    | yes | no | any | leave out: what stands in the store stays as it is |
    | yes | yes | no | create, or link; leave out while the version that was refused is still the latest |
    | yes | yes | yes | update when Zettle's version is not the one last synced, else nothing |
    """
    if binding is not None and binding.state is State.TO_DELETE:
        return _leaving(entry, binding)
    exists = entry.removed_at is None
    whole = connection.choices.whole_library
    if not assignment.belongs(exists=exists, decided=entry.assigned, whole_library=whole, known_at_setup=True):
        return _leaving(entry, binding)
    if entry.product is None:
        return Step(entry.product_uuid, entry.name, Action.LEAVE_OUT, entry.unreadable)
    return _staying(entry, entry.product, binding, terms_of(connection), linked=linked)


def _leaving(entry: Entry, binding: Binding | None) -> Step:
    reason = DELETED if entry.removed_at is not None else NOT_CHOSEN if entry.assigned is None else UNASSIGNED
    if binding is None:
        return Step(entry.product_uuid, entry.name, Action.LEAVE_OUT, reason)
    created = binding.synced.origin is Origin.CREATED
    return Step(entry.product_uuid, entry.name, Action.DELETE if created else Action.UNLINK, reason)


def _staying(entry: Entry, product: Product, binding: Binding | None, terms: Terms, *, linked: bool) -> Step:
    uuid, name = entry.product_uuid, entry.name
    if binding is not None and not planning.is_changed(binding.synced, product.etag, force=False):
        return Step(uuid, name, Action.NOTHING)
    mapped = desired(product, terms)
    if mapped.refusal is not None:
        return Step(uuid, name, Action.LEAVE_OUT, mapped.refusal.code.value)
    if entry.failure:
        return Step(uuid, name, Action.LEAVE_OUT, entry.failure)
    action = Action.UPDATE if binding is not None else Action.LINK if linked else Action.CREATE
    return Step(uuid, name, action, notes=tuple(dict.fromkeys(line.code.value for line in mapped.lines)))
