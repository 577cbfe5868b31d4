"""Creates products in BigCommerce: never twice, and never mistaken for a product of the merchant.

An intent is saved before the POST. A create without an answer is resolved by reading the store. A
product that is found is attached only if it is unbound, was created since, is in our category, and
fulfils one of two conditions. Either it has every SKU that was sent and no other, whatever else the
merchant has changed meanwhile; or it is hidden and equal to what was sent. Any other product is the
merchant's own, and ours gets the clash suffix (decision 6).
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.values import Saved
from brygga.core import clashes, fingerprints, planning
from brygga.core.claims import Clash, Holder
from brygga.core.failures import Refused, Unanswered, Unreachable
from brygga.core.handover import Slot
from brygga.core.model import CatalogProduct, ObservedProduct, Synced
from brygga.core.operations import Create
from brygga.core.report import Code, Severity
from brygga.core.terms import Terms
from brygga.database import bindings, intents, suffixes
from brygga.database.intents import Intent
from brygga.database.values import from_plain, to_plain
from brygga.sync.category import place
from brygga.sync.initial_levels import InitialLevels, unread
from brygga.sync.products.batch import Job, clashing, each
from brygga.sync.products.claiming import (
    holder_of_sku,
    known_claims,
    rows_of_create,
    say_clash,
    say_foreseen,
)
from brygga.sync.products.pictures import find_unobtainable
from brygga.sync.products.recognising import children_of, has_just_its_skus, is_a_picture
from brygga.sync.worker.session import Session

RESOLVE_AFTER = timedelta(seconds=30)
"""A create whose answer was lost may still be in progress in the store. Only after this time does
"not found" mean "not created".
"""
CLOCK_UNCERTAINTY = timedelta(seconds=5)
SENT_WITHIN = timedelta(seconds=10)
"""An intent is saved anew when its request leaves later than this."""
SAVED_AT_ONCE = 10
"""How many answered creates are saved together. A create that was answered and not saved when the
process dies is found again by its intent.
"""
SAVED_WITHIN = timedelta(seconds=2)
"""Answered creates are saved with the next answer when the first of them is older than this."""
TRIES = 6
"""Attempts for one product within one create: three clashes, a picture, a video, a field."""
_OPTIONAL = {
    "upc": "upc",
    "gtin": "gtin",
    "custom_url": "url",
    "page_title": "page_title",
    "meta_description": "meta_description",
}


@dataclass(slots=True)
class Creating:
    """The creates of one batch."""

    session: Session
    terms: Terms
    initial_levels: InitialLevels
    store_time: datetime | None = None
    late: set[str] = field(default_factory=set)
    """Products with an earlier create that was never answered and whose product was not found: it
    may appear late.
    """
    prepared: Sequence[Job] = ()
    claimed: dict[str, tuple[CatalogProduct, tuple[Clash, ...]]] = field(default_factory=dict)
    """By product: what is sent, with a suffix on each value that another product already has, and
    those clashes.
    """
    adopting: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Two equal products must not attach the same product of the store: the second one searches
    after the first is bound.
    """
    begun: dict[str, Intent] = field(default_factory=dict)
    """By product: the intent as it was last saved."""
    made: list["_Made"] = field(default_factory=list)
    """Creates that were answered and are not saved yet."""

    # ---- Resolving -------------------------------------------------------------------------------

    async def resolve(self, jobs: Sequence[Job]) -> None:
        """Resolves unanswered creates of these products, which the store lacks as far as we know:
        the product is attached, the create is given up, or the store is checked again later.
        """
        async with self.session.read() as tx:
            open_ = await intents.open_for(
                tx, self.session.connection.id, [job.uuid for job in jobs]
            )
        waiting = [job for job in jobs if job.uuid in open_]

        async def one(job: Job) -> None:
            await self._resolve(job, open_[job.uuid])

        await each(waiting, one)

    async def _resolve(self, job: Job, intent: Intent) -> None:
        sent = from_plain(intent.payload["desired"], CatalogProduct)
        if await self._attached(job, sent, intent.store_time):
            return
        if self.session.clock.now() - intent.begun_at < RESOLVE_AFTER:
            raise Unanswered("bigcommerce_unanswered", "the create may still be at work")
        async with self.session.transaction() as tx:
            await self.initial_levels.not_created(tx, self.session, job.uuid)
            # The intent stays until the next one replaces it: a product that is created late is
            # still recognised by the earlier time.
        self.late.add(job.uuid)
        self.store_time = min(filter(None, (self.store_time, intent.store_time)), default=None)

    async def _attached(self, job: Job, sent: CatalogProduct, since: datetime | None) -> bool:
        """True when the store holds what an earlier create sent; the product is then ours."""
        async with self.adopting:
            await self._remember(self._taken())
            found = await self._sent_by_us(sent, since)
            if found is None:
                return False
            job.say(Code.PRODUCT_ATTACHED)
            await self._remember([_Made(job, sent, found, self.session.clock.now())])
        return True

    async def _sent_by_us(
        self, sent: CatalogProduct, since: datetime | None
    ) -> ObservedProduct | None:
        """A product of the store that can only be the one we sent."""
        for found in await self._alike(sent):
            async with self.session.read() as tx:
                owner = await bindings.by_product_ids(
                    tx, self.session.connection.id, [found.product_id]
                )
            if not owner and self._is_as_sent(sent, found, since):
                return await self.session.shop.product(found.product_id)
        return None

    async def _alike(self, sent: CatalogProduct) -> Sequence[ObservedProduct]:
        """The products that may be it: by name, or by a SKU when the merchant has renamed it."""
        named = await self.session.shop.products_page(name=sent.name)
        sku = next((variant.sku for variant in sent.variants if variant.sku), "")
        if named.items or not sku:
            return named.items
        holder = await holder_of_sku(self.session, sku)
        return [holder] if holder is not None else ()

    def _is_as_sent(
        self, sent: CatalogProduct, found: ObservedProduct, since: datetime | None
    ) -> bool:
        recent = (
            since is None or found.created is None or found.created >= since - CLOCK_UNCERTAINTY
        )
        if not recent or self.terms.category_id not in found.category_ids:
            return False
        if has_just_its_skus(sent, found):
            return True
        if found.is_visible or len(found.images) > len(sent.images):
            return False
        made = planning.plan(
            sent, Synced(sent.key, found.product_id), found, self.terms, force=True
        )
        return all(is_a_picture(operation) for operation in made.operations)

    # ---- Creating --------------------------------------------------------------------------------

    async def prepare(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Asks for category, clock and names once for all jobs. Returns the jobs in the order in
        which they are created.

        Jobs with an address of their own go first. For the others BigCommerce generates a free
        address (bigcommerce facts 3.3), which might otherwise be the address that one of the former
        wants.
        """
        if not jobs:
            return ()
        shop = await place(self.session)
        self.terms = replace(self.terms, category_id=shop.category_id or 0)
        now = await self.session.shop.time()
        self.store_time = min(self.store_time, now) if self.store_time else now
        claims = await known_claims(self.session, self.terms, jobs)
        self.claimed = {job.uuid: claims.taken(job.desired) for job in jobs}
        self.prepared = sorted(jobs, key=lambda job: not job.desired.url)
        return self.prepared

    async def create(self, jobs: Sequence[Job]) -> None:
        """One POST for each job, a few at a time. A job that ends well has its binding and what the
        store holds.
        """
        if not jobs:
            return
        levels = await self.initial_levels.first_levels(self.session, [job.uuid for job in jobs])
        for job in jobs:
            job.failure = job.failure or (None if job.uuid in levels else unread(job.uuid))

        sent_as = {
            job.uuid: planning.created(self.claimed[job.uuid][0], self.terms) for job in jobs
        }
        await self._begin([(job, sent_as[job.uuid]) for job in jobs if job.failure is None])

        async def one(job: Job) -> None:
            if self.session.connection.products_paused:
                await self._not_made(job)
                job.is_left = True
                return
            found = self.claimed[job.uuid][1]
            create = Create(self.terms.category_id, levels.get(job.uuid))
            tried = Counter(clash.field for clash in found)
            job.holders = {Slot(clash.field, clash.variant): clash.holder for clash in found}
            attempt = _Attempt(sent_as[job.uuid], create, clashes=dict.fromkeys(tried, 1))
            await self._create(job, attempt)

        await each(jobs, one)
        await self._save()
        say_foreseen(jobs, self.prepared, {job.uuid: self.claimed[job.uuid][1] for job in jobs})

    async def _create(self, job: Job, attempt: "_Attempt") -> None:
        for _ in range(TRIES):
            if not self._is_begun(job, attempt.sent):
                await self._begin([(job, attempt.sent)])
            try:
                saved = await self.session.shop.create_product(
                    attempt.sent, attempt.create, images=attempt.images, videos=attempt.videos
                )
            except Refused as refused:
                if await self._found_late(job, attempt, refused):
                    return
                if not await self._mended(job, attempt, refused):
                    await self._not_made(job)
                    raise
            except Unanswered:
                raise
            except Exception:
                # The request was not sent, or it had no effect: no create is open.
                await self._not_made(job)
                raise
            else:
                await self._made(job, attempt.sent, saved)
                return
        await self._not_made(job)
        raise Refused(Code.PRODUCT_REFUSED, "refused for one reason after the other")

    async def _begin(self, about: Sequence[tuple[Job, CatalogProduct]]) -> None:
        """Saves what is about to be sent, all in one transaction."""
        now = self.session.clock.now()
        begun = {
            job.uuid: Intent(job.uuid, {"desired": to_plain(sent)}, now, self.store_time)
            for job, sent in about
        }
        async with self.session.transaction() as tx:
            await intents.begin(tx, self.session.connection.id, [*begun.values()])
        self.begun |= begun

    def _is_begun(self, job: Job, sent: CatalogProduct) -> bool:
        """Whether exactly this was saved, and a moment ago."""
        intent = self.begun.get(job.uuid)
        return (
            intent is not None
            and intent.payload == {"desired": to_plain(sent)}
            and self.session.clock.now() - intent.begun_at <= SENT_WITHIN
        )

    async def _not_made(self, job: Job) -> None:
        async with self.session.transaction() as tx:
            await intents.end(tx, self.session.connection.id, [job.uuid])
            await self.initial_levels.not_created(tx, self.session, job.uuid)

    async def _made(self, job: Job, sent: CatalogProduct, saved: Saved) -> None:
        for name, reason in saved.failed.items():
            job.say(Code.FIELD_REFUSED, Severity.WARNING, field=name, value="", reason=reason)
        job.say(Code.PRODUCT_RESTORED if job.restored else Code.PRODUCT_CREATED)
        now = self.session.clock.now()
        self.made.append(_Made(job, sent, saved.product, now))
        if len(self.made) >= SAVED_AT_ONCE or self.made[0].at <= now - SAVED_WITHIN:
            await self._save()
        if not saved.complete:
            raise Unreachable(
                "bigcommerce_unreachable", "the product was made, and its parts could not be read"
            )

    async def _save(self) -> None:
        """Saves the creates that were answered. Whoever looks for a product of ours waits
        meanwhile.
        """
        async with self.adopting:
            await self._remember(self._taken())

    def _taken(self) -> Sequence["_Made"]:
        made, self.made = self.made, []
        return made

    async def _remember(self, made: Sequence["_Made"]) -> None:
        """Saves bindings with every child that the creates made: everything in a product that we
        have just created is ours.
        """
        if not made:
            return
        connection_id, uuids = self.session.connection.id, [one.job.uuid for one in made]
        bound = {one.job.uuid: children_of(one.sent, one.found) for one in made}
        for one in made:
            rows = rows_of_create(one.job, one.sent, one.job.holders)
            one.job.suffixed = {Slot(row.field, row.variant): row for row in rows}
        suffixed = [row for one in made for row in one.job.suffixed.values()]
        async with self.session.transaction() as tx:
            await bindings.save_many(tx, connection_id, bound.values(), self.session.clock.now())
            await self.initial_levels.created(
                tx, self.session, {uuid: one.variants for uuid, one in bound.items()}
            )
            await intents.end(tx, connection_id, uuids)
            await suffixes.replace(tx, connection_id, uuids, suffixed)
        for one in made:
            # The options are exactly as sent. Planning what the create could not carry needs no
            # further read.
            fingerprint = fingerprints.fingerprint(one.job.desired)
            one.job.binding = bindings.Binding(
                replace(bound[one.job.uuid], fingerprint=fingerprint)
            )
            one.job.observed = one.found
            one.job.has_creates = True

    # ---- Refusals that can be mended -------------------------------------------------------------

    async def _found_late(self, job: Job, attempt: "_Attempt", refused: Refused) -> bool:
        """A name or a SKU that is taken may be held by our own earlier create, whose answer was
        lost.
        """
        if clashing(refused) not in {"name", "sku"} or job.uuid not in self.late:
            return False
        return await self._attached(job, attempt.sent, self.store_time)

    async def _mended(self, job: Job, attempt: "_Attempt", refused: Refused) -> bool:
        """True when the attempt was changed so that BigCommerce may accept it now. Each value that
        was left out or renamed has a line.
        """
        if clash := clashing(refused):
            value, again = refused.errors.get("value", ""), attempt.clashes.get(clash, 0)
            before = attempt.sent
            attempt.sent = clashes.renamed(before, job.desired, clash, again, value)
            attempt.clashes[clash] = again + 1
            await self._save()  # so that a holder of ours is known
            other = await say_clash(self.session, job, clash, before, attempt.sent)
            job.holders[Slot(clash)] = (
                Holder("", other.name, other.product_id) if other else Holder("", "")
            )
            return before != attempt.sent
        match refused.code:
            case ShopCode.CATEGORY_UNKNOWN:
                shop = await place(self.session)
                moved = shop.category_id != attempt.create.category_id
                attempt.create = replace(attempt.create, category_id=shop.category_id or 0)
                return moved
            case ShopCode.IMAGE_REFUSED | ShopCode.IMAGE_UNREACHABLE if attempt.images:
                await self._without_bad_pictures(job, attempt)
                return True
            case ShopCode.VIDEO_REFUSED if attempt.videos:
                attempt.videos = False
                return True
        return self._without_refused_fields(job, attempt, refused)

    async def _without_bad_pictures(self, job: Job, attempt: "_Attempt") -> None:
        """The refusal does not name the picture. Pictures that we cannot fetch either are left out;
        if all can be fetched, the create is sent without pictures.

        A picture that was not sent is added afterwards by its own call, so that the refused one can
        be named (decision 8).
        """
        before = attempt.sent
        sources = [image.source for image in before.images] + [
            variant.image for variant in before.variants
        ]
        await find_unobtainable(self.session, job, sources)
        attempt.sent = _without_pictures(before, job.unobtainable)
        attempt.images = attempt.sent != before

    def _without_refused_fields(self, job: Job, attempt: "_Attempt", refused: Refused) -> bool:
        refused_fields = {_OPTIONAL[name] for name in refused.errors if name in _OPTIONAL}
        before = attempt.sent
        for name in sorted(refused_fields):
            attempt.sent = _without(attempt.sent, name)
        if attempt.sent == before:
            return False
        for name in sorted(refused_fields):
            job.say(
                Code.FIELD_REFUSED, Severity.WARNING, field=name, value="", reason=refused.detail
            )
        return True


@dataclass(frozen=True, slots=True)
class _Made:
    """A create that was answered: what was sent, and what the store made of it."""

    job: Job
    sent: CatalogProduct
    found: ObservedProduct
    at: datetime


@dataclass(slots=True)
class _Attempt:
    sent: CatalogProduct
    create: Create
    images: bool = True
    videos: bool = True
    clashes: dict[str, int] = field(default_factory=dict)


def _without(desired: CatalogProduct, name: str) -> CatalogProduct:
    if name == "upc":
        return replace(desired, variants=tuple(replace(v, upc="") for v in desired.variants))
    if name == "gtin":
        return replace(desired, variants=tuple(replace(v, gtin="") for v in desired.variants))
    if name == "url":
        return replace(desired, url="")
    return (
        replace(desired, page_title="")
        if name == "page_title"
        else replace(desired, meta_description="")
    )


def _without_pictures(desired: CatalogProduct, sources: Collection[str]) -> CatalogProduct:
    images = tuple(image for image in desired.images if image.source not in sources)
    variants = tuple(replace(v, image="") if v.image in sources else v for v in desired.variants)
    return replace(desired, images=images, variants=variants)
