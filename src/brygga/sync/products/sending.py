"""Sends changed fields of products and variants: in batches, each alone where a batch is refused,
and with a suffix where a name, SKU or URL is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from brygga.core import clashes
from brygga.core.failures import Refused
from brygga.core.handover import Slot, Turns
from brygga.core.operations import Scalar
from brygga.sync.products.batch import Job, clashing, guarded
from brygga.sync.products.claiming import met
from brygga.sync.products.pictures import Pictures, Planned

PRODUCTS_AT_ONCE = 10
VARIANTS_AT_ONCE = 50
"""Both limits: bigcommerce facts 2.2."""


@dataclass(slots=True)
class Sending(Pictures):
    """The changed fields of one batch."""

    turns: Mapping[str, Turns] = field(default_factory=dict, kw_only=True)
    """By product, what its names, SKUs and URLs become, and in which pass."""

    async def products(self, wanted: Sequence[tuple[Planned, dict[str, Scalar]]]) -> None:
        """Product fields, ten products at a time."""
        for place in range(0, len(wanted), PRODUCTS_AT_ONCE):
            await self._product_batch(wanted[place : place + PRODUCTS_AT_ONCE])

    async def _product_batch(self, batch: Sequence[tuple[Planned, dict[str, Scalar]]]) -> None:
        """One bad element makes BigCommerce refuse the whole batch without naming it. The batch is
        halved until it is found (bigcommerce facts 3.5).
        """
        if len(batch) == 1:
            ((one, changes),) = batch
            await guarded(one.job, lambda _: self._product(one, changes))
            return
        try:
            saved = await self.session.shop.update_products(
                [(one.product_id, changes) for one, changes in batch]
            )
        except Refused:
            half = len(batch) // 2
            await self._product_batch(batch[:half])
            await self._product_batch(batch[half:])
            return
        for one, changes in batch:
            found = saved.products.get(one.product_id)
            if found is None or (saved.failed and found.url != changes.get("url", found.url)):
                await guarded(one.job, partial(self._retried_alone, one, changes))

    async def _retried_alone(self, one: Planned, changes: dict[str, Scalar], _: Job) -> None:
        await self._product(one, changes)

    async def _product(self, one: Planned, changes: dict[str, Scalar]) -> None:
        """Writes one product's fields. A name, SKU or URL that is taken gets its suffix; a value
        that already has a suffix stays as it is.
        """
        for again in range(4):
            try:
                saved = await self.session.shop.update_product(one.product_id, changes)
            except Refused as refused:
                field = clashing(refused)
                if field not in changes or again == 3:
                    raise
                changes = await self._without_clash(one, changes, field, again)
            else:
                if saved.failed and saved.product.url != changes.get("url", saved.product.url):
                    # The product was saved and its address was not (207): this is how PUT reports a
                    # taken address.
                    changes = await self._without_clash(one, {"url": changes["url"]}, "url", again)
                else:
                    return
            if not changes:
                return

    async def _without_clash(
        self, one: Planned, changes: dict[str, Scalar], field: str, again: int
    ) -> dict[str, Scalar]:
        key, only = one.job.uuid, one.job.desired.variants[0].key
        slot = Slot(field, only if field == "sku" else "")
        plain = self._plain(one, slot, str(changes[field]))
        match field:
            case "name":
                written = clashes.distinct_name(plain, key, again)
            case "url":
                written = clashes.distinct_url(plain, key, again)
            case _:
                written = clashes.distinct_sku(plain, only, again)
        turn = self.turns[key].get(slot)
        now = turn.now if turn is not None else ""
        await met(self.session, one.job, slot, plain, written or now)
        rest = {name: value for name, value in changes.items() if name != field}
        return rest if written == now or not written else {**rest, field: written}

    def _plain(self, one: Planned, slot: Slot, sent: str) -> str:
        """The value without suffix that was wanted where `sent` was refused."""
        turn = self.turns[one.job.uuid].get(slot)
        if turn is None:
            return sent
        return turn.clash.value if turn.clash is not None else turn.last or sent

    async def variants(self, wanted: Sequence[tuple[Planned, int, dict[str, Scalar]]]) -> None:
        """Variant fields, fifty variants of any products at a time. Pictures have a call of their
        own.
        """
        for place in range(0, len(wanted), VARIANTS_AT_ONCE):
            await self._variant_batch(wanted[place : place + VARIANTS_AT_ONCE])

    async def _variant_batch(self, batch: Sequence[tuple[Planned, int, dict[str, Scalar]]]) -> None:
        if len(batch) == 1:
            ((one, variant_id, changes),) = batch
            await guarded(one.job, lambda _: self._variant(one, variant_id, changes))
            return
        try:
            saved = await self.session.shop.update_variants(
                [(id_, changes) for _, id_, changes in batch]
            )
        except Refused:
            half = len(batch) // 2
            await self._variant_batch(batch[:half])
            await self._variant_batch(batch[half:])
            return
        found = {owned.variant.variant_id: owned.variant for owned in saved}
        for one, variant_id, changes in batch:
            # A batch may ignore SKU and GTIN (bigcommerce facts 3.7).
            now = found.get(variant_id)
            missed = {n: v for n, v in changes.items() if now is None or getattr(now, n) != v}
            if missed:
                await guarded(one.job, lambda _, a=(one, variant_id, missed): self._variant(*a))  # type: ignore[misc]

    async def _variant(self, one: Planned, variant_id: int, changes: dict[str, Scalar]) -> None:
        key = next(
            (key for key, id_ in one.children.variants.items() if id_ == variant_id), one.job.uuid
        )
        for again in range(4):
            try:
                await self.session.shop.update_variant(one.product_id, variant_id, changes)
            except Refused as refused:
                if clashing(refused) != "sku" or "sku" not in changes or again == 3:
                    raise
                plain = self._plain(one, Slot("sku", key), str(changes["sku"]))
                written = clashes.distinct_sku(plain, key, again) or clashes.generated_sku(key)
                await met(self.session, one.job, Slot("sku", key), plain, written)
                changes = {**changes, "sku": written}
            else:
                return
