"""Saves what is wanted for products that seem to be in both systems: for the merchant's plan page,
and for `brygga adopt` (rule P11).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core.matching import Certainty
from brygga.core.model import Connection, Stage
from brygga.database import assigning, bindings, duplicates
from brygga.database.duplicates import Choice, Pair
from brygga.database.engine import Tx

LINK = "link:"
"""The prefix of the id of the store's product, in a row's choice."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """`taken` products should be linked with a product that another one is linked with. `unsure`
    ones have several partners, or share one.
    """

    changed: int = 0
    taken: int = 0
    unsure: int = 0


async def decide(
    tx: Tx, connection: Connection, wishes: Mapping[str, str], now: datetime
) -> tuple[Chosen, Sequence[str]]:
    """Saves the choices. A product's wish is "", "keep", "skip" or "link:" and an id. An invalid
    wish, or one for a product of another merchant, changes nothing. The second value names the
    products whose work has to run now.
    """
    connection_id = connection.id
    pairs = _by_product(await duplicates.all_of(tx, connection_id))
    owners = await _owners(tx, connection_id, pairs)
    changed: list[tuple[str, Choice, Choice]] = []
    taken = 0
    for uuid, wish in wishes.items():
        some = pairs.get(uuid, ())
        partner = _partner(some, wish)
        if not some or (
            partner is None and wish not in {Choice.OPEN, Choice.KEEP_BOTH, Choice.SKIP}
        ):
            continue
        if partner is not None and owners.get(partner.product_id, uuid) != uuid:
            taken += 1
            continue
        before, after = _choice(some), Choice.LINK if partner is not None else Choice(wish)
        new = {
            pair.product_id: after if partner is None else _beside(pair, partner) for pair in some
        }
        if new == {pair.product_id: pair.choice for pair in some}:
            continue
        owners = {product_id: owner for product_id, owner in owners.items() if owner != uuid}
        if partner is not None:
            owners[partner.product_id] = uuid
        for product_id, choice in new.items():
            await duplicates.choose(tx, connection_id, uuid, product_id, choice)
        changed.append((uuid, before, after))
    return Chosen(len(changed), taken), await _follow(tx, connection, changed, now)


async def _owners(
    tx: Tx, connection_id: int, pairs: Mapping[str, Sequence[Pair]]
) -> dict[int, str]:
    """By id of the store's product: the Zettle product that is linked with it, or is to be."""
    owners = {
        pair.product_id: uuid
        for uuid, some in pairs.items()
        for pair in some
        if pair.choice is Choice.LINK
    }
    bound = await bindings.product_ids(tx, connection_id)
    return owners | {product_id: uuid for uuid, product_id in bound.items()}


def _partner(pairs: Sequence[Pair], wish: str) -> Pair | None:
    """The pair that a wish to link names. None for another wish, or for no such pair."""
    target = wish.removeprefix(LINK) if wish.startswith(LINK) else ""
    return next((pair for pair in pairs if str(pair.product_id) == target), None)


def links_of(
    pairs: Iterable[Pair], uuids: Iterable[str], *, certain: bool
) -> tuple[dict[str, str], int]:
    """A wish to link for each product with exactly one partner that no other product shares, and
    the number of products that are less clear.
    """
    some, wanted = _by_product(pairs), set(uuids)
    shared: dict[int, set[str]] = {}
    best = {uuid: _surest(found, certain=certain) for uuid, found in some.items()}
    for uuid, found in best.items():
        for pair in found:
            shared.setdefault(pair.product_id, set()).add(uuid)
    wishes, unsure = {}, 0
    for uuid in wanted & best.keys():
        if len(best[uuid]) == 1 and len(shared[best[uuid][0].product_id]) == 1:
            wishes[uuid] = f"{LINK}{best[uuid][0].product_id}"
        elif best[uuid]:
            unsure += 1
    return wishes, unsure


def _surest(pairs: Sequence[Pair], *, certain: bool) -> list[Pair]:
    sure = [pair for pair in pairs if pair.certainty == Certainty.CERTAIN]
    return sure if sure or certain else [*pairs]


def _by_product(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(pair.product_uuid, []).append(pair)
    return found


def _choice(pairs: Sequence[Pair]) -> Choice:
    made = [pair.choice for pair in pairs if pair.choice is not Choice.OPEN]
    return Choice.LINK if Choice.LINK in made else made[0] if made else Choice.OPEN


def _beside(pair: Pair, partner: Pair) -> Choice:
    """When a product is linked with one of several partners, the others stay products of
    their own.
    """
    return Choice.LINK if pair.product_id == partner.product_id else Choice.KEEP_BOTH


async def _follow(
    tx: Tx, connection: Connection, changed: Sequence[tuple[str, Choice, Choice]], now: datetime
) -> Sequence[str]:
    """Skip means: not sold in BigCommerce, until another choice reverts it. A product that is
    synced already is checked again.
    """
    for uuid, before, after in changed:
        if after is Choice.SKIP:
            await assigning.decide(tx, connection.id, uuid, assigned=False, now=now)
        elif before is Choice.SKIP:
            await duplicates.undecide(tx, connection.id, uuid)
    if connection.stage is not Stage.RUNNING:
        return ()
    if connection.choices.whole_library:
        await assigning.assign_all(
            tx, connection.id, [uuid for uuid, _, after in changed if after is not Choice.SKIP]
        )
    return [uuid for uuid, _, _ in changed]
