"""What the two passes over a batch of updates write (decision 19).

The first pass writes everything except values that another product still has. The second writes the
rest.
"""

from collections.abc import Iterable, Mapping, Sequence

from brygga.core.handover import Slot, Turn, Turns
from brygga.core.model import Synced
from brygga.core.operations import Operation, Scalar, UpdateProduct, UpdateVariant
from brygga.sync.products.batch import Job
from brygga.sync.products.pictures import Planned


def active(planned: Iterable[Planned]) -> list[Planned]:
    return [one for one in planned if one.job.failure is None]


def product_changes(planned: Sequence[Planned]) -> list[tuple[Planned, dict[str, Scalar]]]:
    found: list[tuple[Planned, dict[str, Scalar]]] = []
    for one in active(planned):
        changes: dict[str, Scalar] = {}
        for operation in one.late:
            match operation:
                case UpdateProduct(_, fields):
                    changes |= fields
        found += [(one, changes)] if changes else []
    return found


def variant_changes(planned: Sequence[Planned]) -> list[tuple[Planned, int, dict[str, Scalar]]]:
    found: list[tuple[Planned, int, dict[str, Scalar]]] = []
    for one in active(planned):
        for operation in one.late:
            if isinstance(operation, UpdateVariant):
                changes = {
                    name: value for name, value in operation.changes.items() if name != "image"
                }
                found += [(one, operation.variant_id, changes)] if changes else []
    return found


def second(turns: Turns) -> dict[Slot, Turn]:
    """The values that remain for the second pass."""
    return {slot: turn for slot, turn in turns.items() if turn.first != turn.last and turn.last}


def mends(job: Job, bound: Synced, turns: Turns) -> tuple[Operation, ...]:
    """Only the values that lose their suffix."""
    values = {slot: turn.first for slot, turn in turns.items() if turn.first != turn.now}
    own, variants = by_place(job, bound, values)
    updates = (
        UpdateVariant(bound.product_id, variant_id, changes) for variant_id, changes in variants
    )
    return (*((UpdateProduct(bound.product_id, own),) if own else ()), *updates)


def by_place(
    job: Job, bound: Synced, values: Mapping[Slot, str]
) -> tuple[dict[str, Scalar], list[tuple[int, dict[str, Scalar]]]]:
    """The changes of the product itself, and those of its variants by id."""
    own: dict[str, Scalar] = {}
    variants: list[tuple[int, dict[str, Scalar]]] = []
    for slot, value in values.items():
        if not slot.variant or job.desired.is_simple:
            own[slot.field] = value
        elif slot.variant in bound.variants:
            variants.append((bound.variants[slot.variant], {slot.field: value}))
    return own, variants
