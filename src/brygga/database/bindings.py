"""Which BigCommerce product belongs to which Zettle product, and what we last wrote there.

A binding has one of three states. `bound`: it is synced. `to_delete`: we made its product, which
has to be deleted. This state stays until the store says that the product is gone. `kept`: the
connection has ended and the product stayed. It is found again by account and store (D4).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from brygga.core.hands import Counting
from brygga.core.model import Origin, Synced
from brygga.core.progress import Made
from brygga.database.engine import Tx
from brygga.database.product_tables import bindings


class State(StrEnum):
    BOUND = "bound"
    TO_DELETE = "to_delete"
    KEPT = "kept"


class Child(StrEnum):
    """Kinds of what we made inside a product."""

    VARIANT = "variant"
    OPTION = "option"
    VALUE = "value"
    IMAGE = "image"
    VARIANT_IMAGE = "variant_image"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Binding:
    """`hidden` and `in_category` are as last read in the store (E1), None before the first read."""

    synced: Synced
    state: State = State.BOUND
    tagged: bool = False
    """The product has our metafield."""
    channel_assigned: bool = False
    hidden: bool | None = None
    in_category: bool | None = None
    synced_at: datetime | None = None
    counting: Counting = Counting.ALIKE
    """How the store counts its stock, as last read."""

    @property
    def shares_stock(self) -> bool:
        """False where it waits for its deletion, or where the store has no number that can be
        shared (decisions 17, 18).
        """
        return self.state is State.BOUND and not self.counting.is_paused


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of products that a disconnect or the overview shows."""

    created: int = 0
    linked: int = 0
    to_delete: int = 0
    hidden: int = 0
    in_category: int = 0
    miscounted: int = 0
    """Products whose stock is paused: BigCommerce counts them in another way (decision 18)."""
    first_miscounted: str = ""
    """Zettle's uuid of one of them."""


_SAVE_ROWS = sa.text("""
    INSERT INTO bindings AS b (connection_id, product_uuid, product_id, origin, etag, fingerprint,
        organization_uuid, store_hash, bound_at)
    SELECT c.id, n.product_uuid, n.product_id, n.origin, n.etag, n.fingerprint, c.organization_uuid,
        c.store_hash, :now
    FROM connections c, unnest(
        CAST(:uuids AS text[]), CAST(:product_ids AS bigint[]), CAST(:origins AS text[]),
            CAST(:etags AS text[]),
        CAST(:fingerprints AS text[])
    ) AS n (product_uuid, product_id, origin, etag, fingerprint)
    WHERE c.id = :id
    ON CONFLICT (connection_id, product_uuid) DO UPDATE SET
        product_id = EXCLUDED.product_id, origin = EXCLUDED.origin, etag = EXCLUDED.etag,
            fingerprint = EXCLUDED.fingerprint,
        state = 'bound', bound_at = CASE WHEN b.product_id = EXCLUDED.product_id THEN b.bound_at
            ELSE EXCLUDED.bound_at END,
        tagged = b.tagged AND b.product_id = EXCLUDED.product_id,
        channel_assigned = b.channel_assigned AND b.product_id = EXCLUDED.product_id,
        hidden = CASE WHEN b.product_id = EXCLUDED.product_id THEN b.hidden END,
        in_category = CASE WHEN b.product_id = EXCLUDED.product_id THEN b.in_category END,
        counting = CASE WHEN b.product_id = EXCLUDED.product_id THEN b.counting ELSE '' END
""")
_DROP_CHILDREN = sa.text("""
    DELETE FROM binding_children WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids
        AS text[]))
""")
_SAVE_CHILDREN = sa.text("""
    INSERT INTO binding_children (connection_id, product_uuid, kind, key, child_id, extra)
    SELECT :id, product_uuid, kind, key, child_id, extra FROM unnest(
        CAST(:uuids AS text[]), CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:child_ids
            AS bigint[]), CAST(:extras AS text[])
    ) AS n (product_uuid, kind, key, child_id, extra)
    ON CONFLICT (connection_id, product_uuid, kind, key) DO UPDATE SET child_id = EXCLUDED.child_id,
        extra = EXCLUDED.extra
""")
GET = """
    SELECT b.product_uuid, b.product_id, b.origin, b.etag, b.fingerprint, b.state, b.tagged,
        b.channel_assigned, b.hidden, b.in_category,
        b.synced_at, b.counting,
        (SELECT json_agg(json_build_array(k.kind, k.key, k.child_id, k.extra) ORDER BY k.kind,
            k.key) FROM binding_children k
            WHERE k.connection_id = b.connection_id AND k.product_uuid = b.product_uuid) AS children
    FROM bindings b WHERE b.connection_id = :id
"""
_GET_MANY = sa.text(GET + " AND b.product_uuid = ANY (CAST(:uuids AS text[]))")
_GET_ALL = sa.text(GET + " ORDER BY b.product_uuid")


# ---- Writing -------------------------------------------------------------------------------------


async def save(tx: Tx, connection_id: int, synced: Synced, now: datetime) -> None:
    await save_many(tx, connection_id, [synced], now)


async def save_many(tx: Tx, connection_id: int, synced: Collection[Synced], now: datetime) -> None:
    """Saves each binding exactly as given, children included. A new BigCommerce product starts
    untagged and unassigned to the channel.
    """
    uuids = [one.key for one in synced]
    values = {
        "id": connection_id,
        "now": now,
        "uuids": uuids,
        "product_ids": [one.product_id for one in synced],
        "origins": [one.origin.value for one in synced],
        "etags": [one.etag for one in synced],
        "fingerprints": [one.fingerprint for one in synced],
    }
    await tx.run(_SAVE_ROWS, values)
    await tx.run(_DROP_CHILDREN, {"id": connection_id, "uuids": uuids})
    await _save_children(
        tx, connection_id, [(one.key, *child) for one in synced for child in _children(one)]
    )


async def add_children(tx: Tx, connection_id: int, synced: Synced) -> None:
    """Adds the children named in `synced` to those that are there. Other fields of it are
    ignored.
    """
    await _save_children(tx, connection_id, [(synced.key, *child) for child in _children(synced)])


async def drop_children(
    tx: Tx, connection_id: int, uuid: str, kind: Child, child_ids: Collection[int]
) -> None:
    """Removes children that were deleted in the store."""
    statement = sa.text("""
        DELETE FROM binding_children WHERE connection_id = :id AND product_uuid = :uuid
            AND kind = :kind
            AND child_id = ANY (CAST(:child_ids AS bigint[]))
    """)
    await tx.run(
        statement,
        {"id": connection_id, "uuid": uuid, "kind": kind.value, "child_ids": list(child_ids)},
    )


async def commit(
    tx: Tx, connection_id: int, sealed: Mapping[str, tuple[str, str]], now: datetime
) -> None:
    """Uuid -> (etag, fingerprint) of what was written. Call it after the last operation: until then
    the product still counts as changed.
    """
    statement = sa.text("""
        UPDATE bindings b SET etag = n.etag, fingerprint = n.fingerprint, synced_at = :now
        FROM unnest(CAST(:uuids AS text[]), CAST(:etags AS text[]), CAST(:fingerprints AS text[]))
            AS n (product_uuid, etag, fingerprint)
        WHERE b.connection_id = :id AND b.product_uuid = n.product_uuid
    """)
    values = {
        "id": connection_id,
        "now": now,
        "uuids": list(sealed),
        "etags": [etag for etag, _ in sealed.values()],
        "fingerprints": [fingerprint for _, fingerprint in sealed.values()],
    }
    await tx.run(statement, values)


async def forget(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    """Deletes the binding: its product is gone from the store, or was released."""
    c = bindings.c
    await tx.run(
        sa.delete(bindings).where(c.connection_id == connection_id, c.product_uuid.in_(list(uuids)))
    )


async def set_tagged(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    await tx.run(update_of(connection_id, uuids).values(tagged=True))


async def set_channel_assigned(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    await tx.run(update_of(connection_id, uuids).values(channel_assigned=True))


async def set_seen(tx: Tx, connection_id: int, seen: Mapping[str, tuple[bool, bool]]) -> None:
    """Uuid -> (hidden, in the category "Zettle"), as just read from the store (E1)."""
    if not seen:
        return
    statement = sa.text("""
        UPDATE bindings b SET hidden = n.hidden, in_category = n.in_category
        FROM unnest(CAST(:uuids AS text[]), CAST(:hidden AS boolean[]), CAST(:in_category
            AS boolean[]))
            AS n (product_uuid, hidden, in_category)
        WHERE b.connection_id = :id AND b.product_uuid = n.product_uuid
    """)
    values = {
        "id": connection_id,
        "uuids": list(seen),
        "hidden": [hidden for hidden, _ in seen.values()],
        "in_category": [in_category for _, in_category in seen.values()],
    }
    await tx.run(statement, values)


async def set_counting(tx: Tx, connection_id: int, uuid: str, counting: Counting) -> None:
    await tx.run(update_of(connection_id, [uuid]).values(counting=counting.value))


async def set_variants(tx: Tx, connection_id: int, uuid: str, variants: Mapping[str, int]) -> None:
    """These and no others are its variants in the store."""
    statement = sa.text("""
        DELETE FROM binding_children WHERE connection_id = :id AND product_uuid = :uuid
            AND kind = 'variant'
    """)
    await tx.run(statement, {"id": connection_id, "uuid": uuid})
    await add_children(tx, connection_id, Synced(uuid, 0, variants=variants))


# ---- Reading -------------------------------------------------------------------------------------


async def get(tx: Tx, connection_id: int, uuid: str) -> Binding | None:
    return (await get_many(tx, connection_id, [uuid])).get(uuid)


async def get_many(tx: Tx, connection_id: int, uuids: Collection[str]) -> Mapping[str, Binding]:
    rows = await tx.rows(_GET_MANY, {"id": connection_id, "uuids": list(uuids)})
    return {row.product_uuid: binding_of(row) for row in rows}


async def known(tx: Tx, connection_id: int) -> Sequence[str]:
    """The uuids of all products that have a binding, whatever its state, in order."""
    c = bindings.c
    statement = (
        sa.select(c.product_uuid).where(c.connection_id == connection_id).order_by(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def all_of(tx: Tx, connection_id: int) -> Mapping[str, Binding]:
    return {
        row.product_uuid: binding_of(row) for row in await tx.rows(_GET_ALL, {"id": connection_id})
    }


async def by_product_ids(
    tx: Tx, connection_id: int, product_ids: Collection[int]
) -> Mapping[int, str]:
    """BigCommerce product id -> Zettle product uuid. An id that is missing is not ours."""
    c = bindings.c
    statement = sa.select(c.product_id, c.product_uuid).where(
        c.connection_id == connection_id, c.product_id.in_(list(product_ids))
    )
    return {row.product_id: row.product_uuid for row in await tx.rows(statement)}


async def product_ids(tx: Tx, connection_id: int) -> Mapping[str, int]:
    """Zettle product uuid -> BigCommerce product id, of all products that are bound or to be
    deleted.
    """
    c = bindings.c
    rows = await tx.rows(
        sa.select(c.product_uuid, c.product_id).where(
            c.connection_id == connection_id, c.state != State.KEPT.value
        )
    )
    return {row.product_uuid: row.product_id for row in rows}


_MADE = sa.text("""
    SELECT count(*) AS wanted, count(b.product_uuid) AS made,
        count(*) FILTER (WHERE b.bound_at > :since) AS lately,
        min(b.bound_at) FILTER (WHERE b.bound_at > :since) AS first
    FROM library l LEFT JOIN bindings b ON b.connection_id = l.connection_id
        AND b.product_uuid = l.product_uuid AND b.state = 'bound'
    WHERE l.connection_id = :id AND l.assigned AND l.removed_at IS NULL AND l.product IS NOT NULL
        AND l.failure = ''
""")
_LATEST = sa.text("""
    SELECT l.name FROM bindings b JOIN library l USING (connection_id, product_uuid)
    WHERE b.connection_id = :id AND b.state = 'bound' ORDER BY b.bound_at DESC LIMIT 1
""")


async def made(tx: Tx, connection_id: int, since: datetime) -> Made:
    """How many of the assigned products are in the store, and how many came after `since`.
    Products that BigCommerce refused do not count.
    """
    async with tx.joining_whole():
        row = await tx.first(_MADE, {"id": connection_id, "since": since})
    assert row is not None
    latest = await tx.scalar(_LATEST, {"id": connection_id}) if row.made else ""
    return Made(row.wanted, row.made, row.lately, row.first, latest or "")


async def totals(tx: Tx, connection_id: int) -> Totals:
    row = await tx.first(
        sa.text("""
            SELECT count(*) FILTER (WHERE origin = 'created') AS created,
                count(*) FILTER (WHERE origin = 'linked') AS linked,
                count(*) FILTER (WHERE state = 'to_delete') AS to_delete,
                count(*) FILTER (WHERE hidden AND state = 'bound') AS hidden,
                count(*) FILTER (WHERE in_category AND state = 'bound') AS in_category,
                count(*) FILTER (WHERE counting = ANY (CAST(:paused AS text[]))
                    AND state = 'bound') AS miscounted,
                coalesce(min(product_uuid) FILTER (WHERE counting = ANY (CAST(:paused AS text[]))
                    AND state = 'bound'), '') AS first_miscounted
            FROM bindings WHERE connection_id = :id
        """),
        {"id": connection_id, "paused": [one.value for one in Counting if one.is_paused]},
    )
    assert row is not None
    return Totals(*row)


# ---- Children ------------------------------------------------------------------------------------


def _children(synced: Synced) -> Iterable[tuple[str, str, int, str]]:
    """(kind, key, id, extra) of every child. A value's key is its option and label as a JSON
    list.
    """
    for kind, ids in (
        (Child.VARIANT, synced.variants),
        (Child.OPTION, synced.options),
        (Child.IMAGE, synced.images),
        (Child.VIDEO, synced.videos),
    ):
        yield from ((kind.value, key, child_id, "") for key, child_id in ids.items())
    for pair, value_id in synced.values.items():
        yield Child.VALUE.value, json.dumps(pair, ensure_ascii=False), value_id, ""
    for variant, source in synced.variant_images.items():
        yield Child.VARIANT_IMAGE.value, variant, 0, source


async def _save_children(
    tx: Tx, connection_id: int, rows: Sequence[tuple[str, str, str, int, str]]
) -> None:
    if not rows:
        return
    uuids, kinds, keys, child_ids, extras = (list(column) for column in zip(*rows, strict=True))
    values = {
        "id": connection_id,
        "uuids": uuids,
        "kinds": kinds,
        "keys": keys,
        "child_ids": child_ids,
        "extras": extras,
    }
    await tx.run(_SAVE_CHILDREN, values)


def binding_of(row: Any) -> Binding:
    ids: dict[str, dict[str, int]] = {kind: {} for kind in ("variant", "option", "image", "video")}
    values: dict[tuple[str, str], int] = {}
    sources: dict[str, str] = {}
    for kind, key, child_id, extra in row.children or ():
        if kind == Child.VALUE:
            option, label = json.loads(key)
            values[option, label] = child_id
        elif kind == Child.VARIANT_IMAGE:
            sources[key] = extra
        else:
            ids[kind][key] = child_id
    synced = Synced(
        key=row.product_uuid,
        product_id=row.product_id,
        origin=Origin(row.origin),
        etag=row.etag,
        fingerprint=row.fingerprint,
        variants=MappingProxyType(ids["variant"]),
        options=MappingProxyType(ids["option"]),
        values=MappingProxyType(values),
        images=MappingProxyType(ids["image"]),
        variant_images=MappingProxyType(sources),
        videos=MappingProxyType(ids["video"]),
    )
    return Binding(
        synced,
        State(row.state),
        row.tagged,
        row.channel_assigned,
        row.hidden,
        row.in_category,
        row.synced_at,
        Counting(row.counting),
    )


def update_of(connection_id: int, uuids: Collection[str]) -> sa.Update:
    c = bindings.c
    return sa.update(bindings).where(
        c.connection_id == connection_id, c.product_uuid.in_(list(uuids))
    )
