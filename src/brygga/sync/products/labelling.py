"""What a product gets after it was created: our tag, and the store's default channel (P4).

Both can be written twice: a call without an answer is simply repeated.
"""

from collections.abc import Sequence
from dataclasses import replace

from brygga.core.failures import Failure, Refused, Unreachable
from brygga.core.model import Origin
from brygga.database import bindings
from brygga.sync.products.batch import Job
from brygga.sync.worker.session import Session

TAGGED_AT_ONCE = 50
METAFIELD_KEY = "zettle_uuid"


async def tag(session: Session, jobs: Sequence[Job]) -> None:
    """Writes our metafield on each product: a lost binding can be found again (bigcommerce facts
    3.12).
    """
    todo = [job for job in jobs if job.binding and not job.binding.tagged]
    for place in range(0, len(todo), TAGGED_AT_ONCE):
        batch = todo[place : place + TAGGED_AT_ONCE]
        items = [
            (job.binding.synced.product_id, METAFIELD_KEY, job.uuid) for job in batch if job.binding
        ]
        try:
            saved = await session.shop.create_metafields(items)
        except Refused as refused:
            # The tag is only a help for later, never a reason to delay a product.
            session.log.warning(
                "metafields refused", connection=session.connection.id, code=refused.code
            )
            continue
        except Failure as failure:
            all_failed(batch, failure)
            continue
        tagged = {one.product_id for one in saved.saved}
        # A product whose tag was not saved already has it, from a create whose answer was lost.
        done = [
            job.uuid
            for job in batch
            if job.binding and (job.binding.synced.product_id in tagged or saved.failed)
        ]
        async with session.transaction() as tx:
            await bindings.set_tagged(tx, session.connection.id, done)


async def assign_channel(session: Session, jobs: Sequence[Job]) -> None:
    """Assigns the store's default channel, once for each product that we created (P4). The calls
    are sequential.
    """
    shop = session.connection.shop
    assert shop is not None
    todo = [
        job
        for job in jobs
        if job.binding
        and not job.binding.channel_assigned
        and job.binding.synced.origin is Origin.CREATED
    ]
    for place in range(0, len(todo), TAGGED_AT_ONCE):
        batch = todo[place : place + TAGGED_AT_ONCE]
        ids = [job.binding.synced.product_id for job in batch if job.binding]
        try:
            await session.shop.assign_channel(shop.default_channel_id, ids)
        except Refused as refused:
            session.log.warning(
                "channel assignment refused", connection=session.connection.id, code=refused.code
            )
        except Failure as failure:
            all_failed(batch, failure)
            continue
        async with session.transaction() as tx:
            await bindings.set_channel_assigned(
                tx, session.connection.id, [job.uuid for job in batch]
            )


async def are_in_channel(session: Session, jobs: Sequence[Job]) -> bool:
    """Whether this store puts its new products into its channel by itself, as many do (bigcommerce
    facts 3.13).

    One read of the first portion of a large batch then saves the writes for all of it.
    """
    shop, ids = (
        session.connection.shop,
        [job.binding.synced.product_id for job in jobs if job.binding],
    )
    assert shop is not None
    try:
        assigned = await session.shop.channel_assignments(ids) if ids else frozenset()
    except Failure:
        return False
    return bool(ids) and all(
        (product_id, shop.default_channel_id) in assigned for product_id in ids
    )


async def remember_channel(session: Session, jobs: Sequence[Job]) -> None:
    async with session.transaction() as tx:
        await bindings.set_channel_assigned(tx, session.connection.id, [job.uuid for job in jobs])
    for job in jobs:
        job.binding = job.binding and replace(job.binding, channel_assigned=True)


def all_failed(jobs: Sequence[Job], failure: Failure) -> None:
    for job in jobs:
        job.failure = failure if isinstance(failure, Refused) else _later(failure)


def _later(failure: Failure) -> Failure:
    return (
        failure
        if not failure.code.endswith("unanswered")
        else Unreachable(failure.code, failure.detail)
    )
