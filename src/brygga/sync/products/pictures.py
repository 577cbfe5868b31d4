"""The pictures and videos of a product, and how every confirmed child of it is saved."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from brygga.bigcommerce.api.variants import UPLOAD_BYTES
from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import Refused, Unreachable
from brygga.core.model import CatalogImage, ObservedImage, Synced
from brygga.core.operations import (
    AddImage,
    AddVideo,
    DeleteImage,
    DeleteVideo,
    MoveVideo,
    Operation,
    UpdateImage,
)
from brygga.core.planning import Plan
from brygga.core.report import Code, Severity
from brygga.core.text import goes_by_address
from brygga.database import bindings
from brygga.database.bindings import Child
from brygga.sync.initial_levels import InitialLevels
from brygga.sync.products.batch import Job
from brygga.sync.worker.session import Session
from brygga.wire import Upload

T = TypeVar("T")
AGAIN_S = (5.0, 20.0)
ANSWER_TIMEOUT_S = 5.0
"""A picture that takes longer gives way to other product work, and is sent a little later."""
GIVES_WAY = 5
"""How many times. After that it is waited for, so that a busy shop gets its pictures too."""
FRESH_FOR = timedelta(minutes=2)
"""A picture that was just saved may not be available yet. Later than this after a save, it is gone.
"""


@dataclass(slots=True)
class Planned:
    """A job with its plan. `children` grows and shrinks with what the store confirms."""

    job: Job
    plan: Plan
    children: Synced
    levels: Mapping[str, int] | None = None

    @property
    def early(self) -> tuple[Operation, ...]:
        return self.plan.operations[: self.plan.early]

    @property
    def late(self) -> tuple[Operation, ...]:
        return self.plan.operations[self.plan.early :]

    @property
    def product_id(self) -> int:
        return self.children.product_id


@dataclass(slots=True)
class Pictures:
    """What updates share: the turn's session, and the stock work's interface for creates."""

    session: Session
    initial_levels: InitialLevels

    async def variant_image(
        self, one: Planned, product_id: int, variant_id: int, source: str
    ) -> None:
        """A variant has one picture, so sending it twice has the same effect as once. A picture
        that cannot be fetched is left out, with a line.
        """
        key = next(key for key, id_ in one.children.variants.items() if id_ == variant_id)
        if not source:
            await self.session.shop.update_variant(product_id, variant_id, {"image": ""})
        elif not await giving_way(self.session, one.job, self._sent(one, variant_id, source)):
            _say_left_out(one.job, source, key)
            return
        await self.added(one, images={key: source})

    async def _sent(self, one: Planned, variant_id: int, source: str) -> bool:
        return await self._variant_by_address(
            one, variant_id, source
        ) or await self._variant_by_bytes(one, variant_id, source)

    async def _variant_by_address(self, one: Planned, variant_id: int, source: str) -> bool:
        if not goes_by_address(source) or source in one.job.unobtainable:
            return False
        call = self.session.shop.set_variant_image(one.product_id, variant_id, source)
        return await _unless_bad(call) is not None

    async def _variant_by_bytes(self, one: Planned, variant_id: int, source: str) -> bool:
        file = await fetched(self.session, one.job, source)
        if file is None or len(file.content) > UPLOAD_BYTES:
            return False
        call = self.session.shop.upload_variant_image(one.product_id, variant_id, file)
        return await _unless_bad(call) is not None

    async def picture(self, one: Planned, operation: AddImage | UpdateImage | DeleteImage) -> None:
        shop = self.session.shop
        match operation:
            case AddImage(_, image):
                await self._add_picture(one, image)
            case UpdateImage(product_id, image_id, image):
                await shop.update_image(product_id, image_id, image)
            case DeleteImage(product_id, image_id):
                await shop.delete_image(product_id, image_id)
                await self.dropped(one, Child.IMAGE, image_id)

    async def _add_picture(self, one: Planned, image: CatalogImage) -> None:
        """Adds a picture by its address, else by its bytes. Otherwise it is left out with a line
        and retried at the next save (decision 8).

        The store does not compare pictures (bigcommerce facts 3.10). The upload is therefore saved
        as pending before it is sent. If its answer is lost, `planning` looks for the picture before
        it is sent again.
        """
        before = -_newest(one)
        await self.added(one, pictures={image.source: before})
        ways = [self._by_address, self._by_bytes]
        if one.job.item.attempts:
            # The store could not fetch it before. We ask the picture's host, not the store, whether
            # it is available now.
            ways.reverse()

        async def sent() -> ObservedImage | None:
            return await ways[0](one, image) or await ways[1](one, image)

        made = await giving_way(self.session, one.job, sent())
        if one.job.gave_way:
            # It may have landed: the next plan looks for it.
            return
        if made is None:
            await self.dropped(one, Child.IMAGE, before)
            _say_left_out(one.job, image.source)
            return
        await self.added(one, pictures={image.source: made.image_id})
        if made.sort_order != image.sort_order or image.is_thumbnail > made.is_thumbnail:
            await self.session.shop.update_image(one.product_id, made.image_id, image)

    async def _by_address(self, one: Planned, image: CatalogImage) -> ObservedImage | None:
        if not goes_by_address(image.source) or image.source in one.job.unobtainable:
            return None
        made = await _unless_bad(self.session.shop.add_image(one.product_id, image))
        # It has the position that was requested.
        return made and replace(made, sort_order=image.sort_order, is_thumbnail=image.is_thumbnail)

    async def _by_bytes(self, one: Planned, image: CatalogImage) -> ObservedImage | None:
        file = await fetched(self.session, one.job, image.source)
        return (
            None
            if file is None
            else await _unless_bad(self.session.shop.upload_image(one.product_id, file, image))
        )

    async def video(self, one: Planned, operation: AddVideo | MoveVideo | DeleteVideo) -> None:
        shop = self.session.shop
        match operation:
            case AddVideo(product_id, video_id, place):
                await self.added(one, videos={video_id: 0})
                try:
                    made = await shop.add_video(product_id, video_id, place)
                except Refused as refused:
                    if refused.code != ShopCode.VIDEO_REFUSED:
                        raise
                    await self.dropped(one, Child.VIDEO, 0)
                    one.job.say(
                        Code.VIDEO_UNSUPPORTED, Severity.WARNING, url=f"https://youtu.be/{video_id}"
                    )
                else:
                    await self.added(one, videos={video_id: made.id})
            case MoveVideo(product_id, id_, place):
                await shop.move_video(product_id, id_, place)
            case DeleteVideo(product_id, id_):
                await shop.delete_video(product_id, id_)
                await self.dropped(one, Child.VIDEO, id_)

    # ---- Saving children -------------------------------------------------------------------------

    async def added(
        self,
        one: Planned,
        *,
        options: Mapping[str, int] = {},
        values: Mapping[tuple[str, str], int] = {},
        variants: Mapping[str, int] = {},
        images: Mapping[str, str] = {},
        pictures: Mapping[str, int] = {},
        videos: Mapping[str, int] = {},
        created: bool = False,
    ) -> None:
        """Saves new children as soon as they are confirmed. With `created`, stock work is informed
        in the same transaction.
        """
        key, product_id = one.children.key, one.children.product_id
        news = Synced(
            key,
            product_id,
            options=options,
            values=values,
            variants=variants,
            images=pictures,
            variant_images=images,
            videos=videos,
        )
        async with self.session.transaction() as tx:
            await bindings.add_children(tx, self.session.connection.id, news)
            if created:
                await self.initial_levels.created(tx, self.session, {key: variants})
        one.job.has_creates |= created
        had = one.children
        one.children = replace(
            had,
            options={**had.options, **options},
            values={**had.values, **values},
            variants={**had.variants, **variants},
            images={**had.images, **pictures},
            variant_images={**had.variant_images, **images},
            videos={**had.videos, **videos},
        )

    async def dropped(self, one: Planned, kind: Child, child_id: int) -> None:
        async with self.session.transaction() as tx:
            await bindings.drop_children(
                tx, self.session.connection.id, one.children.key, kind, [child_id]
            )
        had = one.children
        match kind:
            case Child.VARIANT:
                one.children = replace(
                    had, variants={k: v for k, v in had.variants.items() if v != child_id}
                )
            case Child.OPTION:
                one.children = replace(
                    had, options={k: v for k, v in had.options.items() if v != child_id}
                )
            case Child.VALUE:
                one.children = replace(
                    had, values={k: v for k, v in had.values.items() if v != child_id}
                )
            case _:
                return


def _newest(one: Planned) -> int:
    """The highest id of a picture that we know to be on the product. A newer picture has a higher
    id.
    """
    seen = one.job.observed.images if one.job.observed else ()
    return max([0, *one.children.images.values(), *(image.image_id for image in seen)])


async def _unless_bad(call: Awaitable[T]) -> T | None:
    """The result of the call; None when the picture itself is refused or cannot be fetched."""
    try:
        return await call
    except Refused as refused:
        if not is_about_a_picture(refused):
            raise
        return None


def is_about_a_picture(refused: Refused) -> bool:
    return refused.code in {ShopCode.IMAGE_REFUSED, ShopCode.IMAGE_UNREACHABLE}


async def fetched(session: Session, job: Job, source: str) -> Upload | None:
    """The picture's bytes from Zettle's own hosts; None when it is not available there either.

    When its host does not answer, or a picture just saved is not available yet (zettle facts 6.2),
    the job is scheduled again.
    """
    if source in job.unobtainable:
        return None
    try:
        found = await session.zettle.picture(source)
    except Refused as refused:
        if refused.status:
            # The host has answered: what we cannot get, the store cannot get either.
            job.unobtainable.add(source)
        saved = job.product.updated
        if refused.status == 404 and saved is not None and session.clock.now() - saved < FRESH_FOR:
            job.picture_in_s = _retry_for(job)
        return None
    except Unreachable:
        if job.item.attempts:
            job.unobtainable.add(source)
        job.picture_in_s = _retry_for(job)
        return None
    return Upload("image_file", found.name, found.media_type, found.content)


async def giving_way(session: Session, job: Job, call: Awaitable[T]) -> T | None:
    """The result of the call. None, and the job is scheduled again, when it lasts while other
    product work waits: a picture that nobody answers for keeps no edit of another product back.
    """
    sending = asyncio.ensure_future(call)
    waiting = asyncio.ensure_future(session.changed.wait())
    try:
        await asyncio.wait({sending}, timeout=ANSWER_TIMEOUT_S)
        if job.item.attempts < GIVES_WAY:
            await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.wait({sending})
        if sending.done():
            return sending.result()
        job.picture_in_s, job.gave_way = AGAIN_S[0], True
        return None
    finally:
        for task in (sending, waiting):
            task.cancel()
        await asyncio.gather(sending, waiting, return_exceptions=True)


async def find_unobtainable(session: Session, job: Job, sources: Iterable[str]) -> None:
    """Finds pictures that are not available to anyone. A store that refuses one of many pictures
    without naming it is then asked for the others only.
    """
    for source in dict.fromkeys(filter(goes_by_address, sources)):
        await fetched(session, job, source)


def _retry_for(job: Job) -> float | None:
    return AGAIN_S[job.item.attempts] if job.item.attempts < len(AGAIN_S) else None


def _say_left_out(job: Job, source: str, variant: str = "") -> None:
    if job.picture_in_s is None:
        job.say(Code.IMAGE_NOT_FETCHED, Severity.WARNING, variant, url=source)
