"""Products of our own "Add product" form, from the first word typed until they are in Zettle with
all their parts (rule P9).

A `draft` belongs to the merchant alone. A `waiting` product is being added. A `refused` one waits
for the merchant to correct it. A product that is done is deleted from here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.values import to_json

Fields = tuple[tuple[str, str], ...]
"""A form's fields as they were sent, in their order."""


class State(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Picture:
    """`url` is Zettle's address of the picture once it is uploaded. `content` is empty where only
    the list was asked for.
    """

    place: int
    media_type: str
    url: str = ""
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Addition:
    """`product` is what is to be added, as plain JSON. None in a draft.

    `made`: Zettle has the product. `movement` is the identifier of the one call that brings the
    stock. It is saved, with `moved_at`, before that call.
    """

    product_uuid: str
    state: State
    form: Fields
    touched_at: datetime
    product: Mapping[str, Any] | None = None
    made: bool = False
    movement: str = ""
    moved_at: datetime | None = None
    refusal: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return next((value.strip() for key, value in self.form if key == "name"), "")


# ---- The form ------------------------------------------------------------------------------------


async def keep_draft(tx: Tx, connection_id: int, uuid: str, form: Fields, now: datetime) -> bool:
    """Saves what was typed. False when the product is already being added: then nothing changes."""
    statement = sa.text("""
        INSERT INTO additions AS a (connection_id, product_uuid, state, form, touched_at)
        VALUES (:id, :uuid, 'draft', CAST(:form AS jsonb), :now)
        ON CONFLICT (connection_id, product_uuid) DO UPDATE SET form = EXCLUDED.form,
            touched_at = EXCLUDED.touched_at
        WHERE a.state <> 'waiting'
    """)
    return (
        await tx.run(
            statement, {"id": connection_id, "uuid": uuid, "form": to_json(form), "now": now}
        )
        == 1
    )


async def send(
    tx: Tx, connection_id: int, uuid: str, product: Mapping[str, Any], now: datetime
) -> bool:
    """The product is to be added from now on. False when it already was: a form that is sent twice
    adds one product.
    """
    statement = sa.text("""
        UPDATE additions SET state = 'waiting', product = CAST(:product AS jsonb),
            refusal = '', errors = '{}', touched_at = :now
        WHERE connection_id = :id AND product_uuid = :uuid AND state <> 'waiting'
    """)
    values = {"product": to_json(product), "now": now}
    return await tx.run(statement, {"id": connection_id, "uuid": uuid, **values}) == 1


async def add_picture(
    tx: Tx, connection_id: int, uuid: str, media_type: str, content: bytes
) -> None:
    """Adds the picture after those that are there."""
    statement = sa.text("""
        INSERT INTO addition_pictures (connection_id, product_uuid, place, media_type, content)
        SELECT :id, :uuid, coalesce(max(place), 0) + 1, :media_type, :content FROM addition_pictures
        WHERE connection_id = :id AND product_uuid = :uuid
    """)
    await tx.run(
        statement, {"id": connection_id, "uuid": uuid, "media_type": media_type, "content": content}
    )


async def drop_pictures(tx: Tx, connection_id: int, uuid: str, places: Collection[int]) -> None:
    statement = sa.text("""
        DELETE FROM addition_pictures
        WHERE connection_id = :id AND product_uuid = :uuid AND place = ANY (CAST(:places
            AS integer[]))
    """)
    await tx.run(statement, {"id": connection_id, "uuid": uuid, "places": list(places)})


async def discard(tx: Tx, connection_id: int, uuid: str) -> bool:
    """False when the product is being added: then it stays."""
    statement = sa.text(
        "DELETE FROM additions WHERE connection_id = :id AND product_uuid = :uuid AND state <> "
        "'waiting'"
    )
    return await tx.run(statement, {"id": connection_id, "uuid": uuid}) == 1


async def discard_drafts(tx: Tx, connection_id: int, before: datetime) -> None:
    """Deletes drafts that nobody came back to."""
    statement = sa.text(
        "DELETE FROM additions WHERE connection_id = :id AND state = 'draft' AND touched_at < "
        ":before"
    )
    await tx.run(statement, {"id": connection_id, "before": before})


# ---- Being added ---------------------------------------------------------------------------------


async def uploaded(tx: Tx, connection_id: int, uuid: str, place: int, url: str) -> None:
    """Zettle has the picture, so its bytes are deleted."""
    statement = sa.text("""
        UPDATE addition_pictures SET url = :url, content = ''
        WHERE connection_id = :id AND product_uuid = :uuid AND place = :place
    """)
    await tx.run(statement, {"id": connection_id, "uuid": uuid, "place": place, "url": url})


async def made(tx: Tx, connection_id: int, uuid: str) -> None:
    statement = sa.text(
        "UPDATE additions SET made = true WHERE connection_id = :id AND product_uuid = :uuid"
    )
    await tx.run(statement, {"id": connection_id, "uuid": uuid})


async def moving(tx: Tx, connection_id: int, uuid: str, movement: str, now: datetime) -> None:
    """The opening stock is about to be sent, under this identifier."""
    statement = sa.text("""
        UPDATE additions SET movement = :movement, moved_at = :now WHERE connection_id = :id
            AND product_uuid = :uuid
    """)
    await tx.run(statement, {"id": connection_id, "uuid": uuid, "movement": movement, "now": now})


async def refuse(
    tx: Tx, connection_id: int, uuid: str, code: str, errors: Mapping[str, str]
) -> None:
    """Gives the product back to the merchant, with everything that was typed."""
    statement = sa.text("""
        UPDATE additions SET state = 'refused', refusal = :code, errors = CAST(:errors AS jsonb)
        WHERE connection_id = :id AND product_uuid = :uuid
    """)
    await tx.run(
        statement,
        {"id": connection_id, "uuid": uuid, "code": code, "errors": to_json(dict(errors))},
    )


async def done(tx: Tx, connection_id: int, uuid: str) -> None:
    await tx.run(
        sa.text("DELETE FROM additions WHERE connection_id = :id AND product_uuid = :uuid"),
        {"id": connection_id, "uuid": uuid},
    )


# ---- Reading -------------------------------------------------------------------------------------


async def get(tx: Tx, connection_id: int, uuid: str) -> Addition | None:
    statement = sa.text(
        "SELECT * FROM additions WHERE connection_id = :id AND product_uuid = :uuid"
    )
    row = await tx.first(statement, {"id": connection_id, "uuid": uuid})
    return None if row is None else _addition(row)


async def under_way(tx: Tx, connection_id: int) -> Sequence[Addition]:
    """The products that are being added or were refused, the newest first."""
    statement = sa.text("""
        SELECT * FROM additions WHERE connection_id = :id AND state <> 'draft'
            ORDER BY touched_at DESC, product_uuid
    """)
    return [_addition(row) for row in await tx.rows(statement, {"id": connection_id})]


async def drafts(tx: Tx, connection_id: int, limit: int) -> Sequence[Addition]:
    """The newest products that were typed and not sent."""
    statement = sa.text("""
        SELECT * FROM additions WHERE connection_id = :id AND state = 'draft'
            ORDER BY touched_at DESC, product_uuid LIMIT :limit
    """)
    return [
        _addition(row) for row in await tx.rows(statement, {"id": connection_id, "limit": limit})
    ]


async def pictures(tx: Tx, connection_id: int, uuid: str) -> Sequence[Picture]:
    """Without their bytes."""
    statement = sa.text("""
        SELECT place, media_type, url FROM addition_pictures WHERE connection_id = :id
            AND product_uuid = :uuid ORDER BY place
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuid": uuid})
    return [Picture(row.place, row.media_type, row.url) for row in rows]


async def picture(tx: Tx, connection_id: int, uuid: str, place: int) -> Picture | None:
    statement = sa.text("""
        SELECT place, media_type, url, content FROM addition_pictures
        WHERE connection_id = :id AND product_uuid = :uuid AND place = :place
    """)
    row = await tx.first(statement, {"id": connection_id, "uuid": uuid, "place": place})
    return None if row is None else Picture(row.place, row.media_type, row.url, bytes(row.content))


def _addition(row: Any) -> Addition:
    return Addition(
        product_uuid=row.product_uuid,
        state=State(row.state),
        form=tuple((key, value) for key, value in row.form),
        touched_at=row.touched_at,
        product=row.product,
        made=row.made,
        movement=row.movement,
        moved_at=row.moved_at,
        refusal=row.refusal,
        errors=row.errors,
    )
