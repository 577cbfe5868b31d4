"""Applies plans to existing products: batched where the platform has batches, in order where order
matters.

What was confirmed is saved at once, child by child. The commit of the binding comes last, so that a
stop at any point leaves the product "changed".
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.values import NewVariant
from brygga.core import clashes
from brygga.core.failures import Refused, Unreachable
from brygga.core.handover import Slot
from brygga.core.model import CatalogVariant, Synced, Tracking
from brygga.core.operations import (
    AddImage,
    AddVideo,
    CreateOption,
    CreateValue,
    CreateVariant,
    DeleteImage,
    DeleteOption,
    DeleteValue,
    DeleteVariant,
    DeleteVideo,
    MoveVideo,
    Operation,
    RenameOption,
    RenameValue,
    Scalar,
    SetTracking,
    UpdateImage,
    UpdateProduct,
    UpdateVariant,
)
from brygga.core.planning import Plan, plan
from brygga.core.terms import Terms
from brygga.core.text import goes_by_address
from brygga.database import bindings
from brygga.database.bindings import Child
from brygga.sync.initial_levels import unread
from brygga.sync.products import passes
from brygga.sync.products.batch import Job, active, clashing, each
from brygga.sync.products.claiming import hand_over, met
from brygga.sync.products.pictures import Planned, is_about_a_picture
from brygga.sync.products.sending import VARIANTS_AT_ONCE, Sending

_Work = Callable[[Planned], Awaitable[None]]


@dataclass(slots=True)
class Updating(Sending):
    """The updates of one batch."""

    terms: Terms

    async def update(self, jobs: Sequence[Job]) -> None:
        """Makes every job's product equal to what Zettle wants, field by field. A job that fails
        keeps what was confirmed.
        """
        planned: list[Planned] = []

        async def look(job: Job) -> None:
            planned.append(await self._planned(job))

        self.turns = await hand_over(self.session, self.terms, active(jobs))
        await each(jobs, look)
        by_job = {id(one.job): one for one in planned}
        order = [by_job[id(job)] for job in jobs if id(job) in by_job]
        await self._remember_children(order)
        await self._for_each(order, self._early)
        await self.products(passes.product_changes(order))
        await self.variants(passes.variant_changes(order))
        await self._second_pass(order)
        await self._for_each(order, self._late)

    async def _for_each(self, planned: Sequence[Planned], work: _Work) -> None:
        by_job = {id(one.job): one for one in planned}

        async def one(job: Job) -> None:
            await work(by_job[id(job)])

        await each([one_.job for one_ in planned], one)

    async def _planned(self, job: Job) -> Planned:
        assert job.binding is not None
        bound, turns = job.binding.synced, self.turns[job.uuid]
        if job.mends:
            return Planned(job, Plan(passes.mends(job, bound, turns)), bound)
        made = self._plan(job)
        if made.needs_options:
            job.observed = await self.session.shop.product(bound.product_id)
            if job.observed is None:
                raise Unreachable(
                    ShopCode.UNREACHABLE, "it was deleted while we read it", after_s=5
                )
            made = self._plan(job)
        job.lines += made.lines
        job.changed_fields += [found.field for found in made.overwritten]
        children = replace(made.children or bound, etag=bound.etag, fingerprint=bound.fingerprint)
        return Planned(job, made, children)

    def _plan(self, job: Job) -> Plan:
        assert job.binding is not None
        return plan(
            job.desired,
            job.binding.synced,
            job.observed,
            self.terms,
            turns=self.turns[job.uuid],
            etag=job.product.etag,
            force=job.item.force,
        )

    async def _remember_children(self, planned: Sequence[Planned]) -> None:
        """Saves children that were recognised in the store, before anything is sent. Their stock is
        attached with the level it has.
        """
        news: list[Synced] = []
        found: list[tuple[Planned, dict[str, int]]] = []
        for one in planned:
            binding = one.job.binding
            if binding is None or one.children == binding.synced:
                continue
            news.append(one.children)
            had = binding.synced.variants
            if variants := {
                key: id_ for key, id_ in one.children.variants.items() if had.get(key) != id_
            }:
                found.append((one, variants))
        if not news:
            return
        async with self.session.transaction() as tx:
            await bindings.save_many(tx, self.session.connection.id, news, self.session.clock.now())
            made = {one.children.key: variants for one, variants in found}
            await self.initial_levels.created(tx, self.session, made)
        for one, _ in found:
            one.job.has_creates = True

    # ---- One by one: options, values, variants ---------------------------------------------------

    async def _early(self, one: Planned) -> None:
        pending = [operation for operation in one.early if isinstance(operation, CreateVariant)]
        put_off: list[SetTracking] = []
        for operation in one.early:
            match operation:
                case CreateVariant():
                    pass
                case SetTracking():
                    if not await self._counted_at(one, operation):
                        put_off.append(operation)
                case _:
                    await self._one(one, operation)
        if pending and _counts_variants(one) and not put_off:
            levels = await self.initial_levels.first_levels(self.session, [one.job.uuid])
            if one.job.uuid not in levels:
                raise unread(one.job.uuid)
            one.levels = levels[one.job.uuid]
        for place in range(0, len(pending), VARIANTS_AT_ONCE):
            await self._create_variants(one, pending[place : place + VARIANTS_AT_ONCE])
        for operation in put_off:
            await self._one(one, operation)
        if one.early and one.job.desired.is_simple:
            await self._find_base(one)

    async def _counted_at(self, one: Planned, operation: SetTracking) -> bool:
        """False when the store cannot count by variants before there are any. The tracking is then
        set after the variants, and their initial levels are not sent with the create.
        """
        try:
            await self._one(one, operation)
        except Refused:
            return False
        return True

    async def _find_base(self, one: Planned) -> None:
        """A product that lost its options falls back to a base variant with a new id (bigcommerce
        facts 3.9).
        """
        found = await self.session.shop.product(one.product_id)
        if found is not None and found.base_variant_id is not None:
            await self.added(
                one, variants={one.job.desired.variants[0].key: found.base_variant_id}, created=True
            )

    async def _one(self, one: Planned, operation: Operation) -> None:
        """Applies one operation by itself, and saves it once it is confirmed."""
        shop = self.session.shop
        match operation:
            case UpdateProduct(product_id, changes):
                await shop.update_product(product_id, changes)
            case SetTracking(product_id, tracking):
                await shop.update_product(product_id, {"tracking": tracking})
            case UpdateVariant(product_id, variant_id, changes):
                await shop.update_variant(product_id, variant_id, changes)
            case DeleteVariant(product_id, variant_id):
                await shop.delete_variant(product_id, variant_id)
                await self.dropped(one, Child.VARIANT, variant_id)
            case (
                CreateOption()
                | RenameOption()
                | DeleteOption()
                | CreateValue()
                | RenameValue()
                | DeleteValue()
            ):
                await self._option(one, operation)
            case AddImage() | UpdateImage() | DeleteImage():
                await self.picture(one, operation)
            case AddVideo() | MoveVideo() | DeleteVideo():
                await self.video(one, operation)
            case _:
                raise AssertionError(f"not an operation on an existing product: {operation}")

    async def _option(
        self,
        one: Planned,
        operation: CreateOption
        | RenameOption
        | DeleteOption
        | CreateValue
        | RenameValue
        | DeleteValue,
    ) -> None:
        shop = self.session.shop
        match operation:
            case CreateOption(product_id, option, place):
                made = await shop.create_option(product_id, option, place)
                values = {(option.name, value.label): value.value_id for value in made.values}
                await self.added(one, options={option.name: made.option_id}, values=values)
            case RenameOption(product_id, option_id, name, place):
                await shop.rename_option(product_id, option_id, name, place)
            case DeleteOption(product_id, option_id):
                await shop.delete_option(product_id, option_id)
                await self.dropped(one, Child.OPTION, option_id)
            case CreateValue(product_id, name, label, place):
                value = await shop.create_value(
                    product_id, one.children.options[name], label, place
                )
                await self.added(one, values={(name, label): value.value_id})
            case RenameValue(product_id, option_id, value_id, label, place):
                await shop.rename_value(product_id, option_id, value_id, label, place)
            case DeleteValue(product_id, option_id, value_id):
                await shop.delete_value(product_id, option_id, value_id)
                await self.dropped(one, Child.VALUE, value_id)

    async def _create_variants(self, one: Planned, wanted: Sequence[CreateVariant]) -> None:
        """Creates new variants of one product. A SKU that is taken gets its suffix, and a picture
        that cannot be sent with the create is sent by itself.
        """
        variants = [operation.variant for operation in wanted]
        riding = {
            variant.key: variant.image for variant in variants if goes_by_address(variant.image)
        }
        for again in range(5):
            new = [self._new(one, v if v.key in riding else replace(v, image="")) for v in variants]
            try:
                made = await self.session.shop.create_variants(new)
            except Refused as refused:
                if is_about_a_picture(refused) and riding:
                    riding = {}
                    continue
                if clashing(refused) != "sku" or again == 4:
                    raise
                variants = await self._suffixed(one, variants, refused, again)
            else:
                break
        by_values = {frozenset(found.variant.values): found.variant.variant_id for found in made}
        ids = {
            variant.key: by_values[frozenset(self._values(one, variant))] for variant in variants
        }
        # A new variant has only the picture that was sent with it, whatever its predecessor had.
        shown = {variant.key: riding.get(variant.key, "") for variant in variants}
        await self.added(one, variants=ids, images=shown, created=True)
        for variant in variants:
            if variant.image and variant.key not in riding:
                await self.variant_image(one, one.product_id, ids[variant.key], variant.image)

    async def _suffixed(
        self, one: Planned, variants: Sequence[CatalogVariant], refused: Refused, again: int
    ) -> list[CatalogVariant]:
        taken = refused.errors.get("value", "").casefold()
        named = {variant.key for variant in variants if variant.sku.casefold() == taken}
        chosen = named or {variant.key for variant in variants}
        renamed = []
        for variant in variants:
            if variant.key in chosen:
                plain = (
                    next(v.sku for v in one.job.desired.variants if v.key == variant.key)
                    or variant.sku
                )
                written = clashes.distinct_sku(plain, variant.key, again) or clashes.generated_sku(
                    variant.key
                )
                await met(self.session, one.job, Slot("sku", variant.key), plain, written)
                renamed.append(replace(variant, sku=written))
            else:
                renamed.append(variant)
        return renamed

    def _new(self, one: Planned, variant: CatalogVariant) -> NewVariant:
        level = one.levels.get(variant.key) if one.levels is not None else None
        return NewVariant(one.product_id, variant, self._values(one, variant), level)

    def _values(self, one: Planned, variant: CatalogVariant) -> tuple[tuple[int, int], ...]:
        return tuple(self._value(one, name, label) for name, label in variant.values)

    def _value(self, one: Planned, name: str, label: str) -> tuple[int, int]:
        """The ids of a label: among our children, or among the options that the merchant added."""
        if (name, label) in one.children.values and name in one.children.options:
            return one.children.options[name], one.children.values[name, label]
        observed = one.job.observed
        for option in (observed.options or ()) if observed else ():
            for value in option.values:
                if (option.name, value.label) == (name, label):
                    return option.option_id, value.value_id
        raise AssertionError(f"no value {label!r} of option {name!r} was made before its variant")

    # ---- Batches ---------------------------------------------------------------------------------

    async def _second_pass(self, planned: Sequence[Planned]) -> None:
        """Values that another product had until the first pass are written now (decision 19)."""
        products: list[tuple[Planned, dict[str, Scalar]]] = []
        variants: list[tuple[Planned, int, dict[str, Scalar]]] = []
        for one in passes.active(planned):
            late = passes.second(self.turns[one.job.uuid])
            for slot in late:
                one.job.suffixed.pop(slot, None)
            one.job.changed_fields += [] if one.job.mends else [slot.field for slot in late]
            own, others = passes.by_place(
                one.job, one.children, {slot: turn.last for slot, turn in late.items()}
            )
            products += [(one, own)] if own else []
            variants += [(one, variant_id, changes) for variant_id, changes in others]
        await self.products(products)
        await self.variants(variants)

    # ---- Last: unused values, pictures, videos ---------------------------------------------------

    async def _late(self, one: Planned) -> None:
        for operation in one.late:
            if one.job.gave_way:
                return
            match operation:
                case UpdateProduct():
                    continue
                case UpdateVariant(product_id, variant_id, changes):
                    if "image" in changes:
                        await self.variant_image(one, product_id, variant_id, str(changes["image"]))
                case _:
                    await self._one(one, operation)


def _counts_variants(one: Planned) -> bool:
    """Whether the store keeps a level for a variant that is created now. If not, it would ignore
    the initial level that we send (bigcommerce facts 3.7).
    """
    observed = one.job.observed
    turned = any(isinstance(operation, SetTracking) for operation in one.early)
    return turned or observed is None or observed.tracking is Tracking.VARIANT
