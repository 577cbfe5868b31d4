"""One product of a connection that watches: what Brygga would write now, and what became of what it
would have written (`watching`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct, Product
from brygga.core.overwriting import Overwritten
from brygga.core.stock import Side
from brygga.core.terms import Terms
from brygga.core.watching import (
    CREATED,
    GIVEN_UP,
    REMOVED,
    STOCK,
    Levels,
    Outcome,
    Paired,
    Predicted,
    arrived,
    begun,
    came_true,
    differences,
    followed,
    is_still_wanted,
    judged,
    paired,
    predicted,
)
from brygga.database import watching
from brygga.database.library import Entry
from brygga.database.watching import Prediction, Watched
from brygga.sync.worker.session import Session


def is_wanted(entry: Entry | None) -> bool:
    return entry is not None and entry.product is not None and entry.removed_at is None


@dataclass(frozen=True, slots=True)
class Both:
    """The store's products by id, its levels by variant id, Zettle's levels by variant uuid."""

    shown: Mapping[int, ObservedProduct]
    shop: Mapping[int, int]
    zettle: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Own:
    """What is known of one product. `before`: as it was in Zettle before this read, where it was
    read now (`is_read`).
    """

    entry: Entry | None
    pair: Watched | None
    product_id: int | None
    waiting: Sequence[Prediction]
    is_read: bool = False
    before: Product | None = None


@dataclass(slots=True)
class Found:
    """What a pass decides, for one transaction."""

    pairs: list[Watched] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    made: list[Prediction] = field(default_factory=list)
    settled: list[tuple[int, tuple[Outcome, str]]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Judging:
    uuid: str
    own: Own
    both: Both
    terms: Terms
    found: Found
    shop_first: bool

    def run(self, session: Session) -> None:
        entry, own = self.own.entry, self.own
        shown = None if own.product_id is None else self.both.shown.get(own.product_id)
        self._of_creation(session, shown)
        if entry is not None and entry.removed_at is not None:
            if own.pair is None:
                self.found.withdrawn += [one.id for one in own.waiting]
            else:
                self._of_removal(session, own.pair, shown)
            return
        product = None if entry is None else entry.product
        if product is None or shown is None or own.product_id is None:
            self._give_up(session, {CREATED})
            return
        wanted = desired(product, self.terms).product
        if wanted is None:
            return
        pair = own.pair or Watched(self.uuid, shown.product_id, product.etag)
        if pair.product_id != shown.product_id:
            pair = Watched(self.uuid, shown.product_id, product.etag)
        pairs = self._paired(pair, product, wanted, shown)
        self._without_place(session, wanted, pairs)
        if pair.etag != product.etag or self._fields_wait():
            self._of_fields(session, product, wanted, (shown, pairs))
        levels = {
            variant: self._of_stock(session, pair.variants.get(variant), variant, variant_id)
            for variant, variant_id in pairs.ids.items()
            if variant in self.both.zettle and variant_id in self.both.shop
        }
        self.found.pairs.append(replace(pair, etag=product.etag, variants=levels))

    def _before(self, product: Product) -> CatalogProduct | None:
        """As it was before the save that was read now."""
        old = self.own.before
        return desired(old, self.terms).product if old and old.etag != product.etag else None

    def _paired(
        self, pair: Watched, product: Product, wanted: CatalogProduct, shown: ObservedProduct
    ) -> Paired:
        known = {variant: levels.variant_id for variant, levels in pair.variants.items()}
        waiting = {(one.field, one.variant_uuid): one.was for one in self.own.waiting}
        return paired(wanted, shown, known, self._before(product), waiting)

    def _without_place(self, session: Session, wanted: CatalogProduct, pairs: Paired) -> None:
        """What waits for a variant that Zettle has no more is withdrawn. What waits for one that
        the store does not have is given up in time.
        """
        keys, now = {one.key for one in wanted.variants}, session.clock.now()
        for one in self.own.waiting:
            if one.variant_uuid and one.variant_uuid not in keys:
                self.found.withdrawn.append(one.id)
            elif self._has_no_place(one.variant_uuid, pairs) and now - one.made_at > GIVEN_UP:
                self.found.settled.append((one.id, (Outcome.MISSING, "")))

    @staticmethod
    def _has_no_place(variant: str, pairs: Paired) -> bool:
        return variant != "" and variant not in pairs.ids

    # ---- Stock -----------------------------------------------------------------------------------

    def _of_stock(
        self, session: Session, before: Levels | None, variant: str, variant_id: int
    ) -> Levels:
        now = session.clock.now()
        zettle, shop = self.both.zettle[variant], self.both.shop[variant_id]
        if (first := begun(before, variant_id, (zettle, shop), now)) is not None:
            if before is not None and before.variant_id != variant_id and max(0, zettle) != shop:
                # The other app made the variant anew: no number of the old one can still come.
                self.found.withdrawn += [
                    one.id
                    for one in self.own.waiting
                    if one.variant_uuid == variant and one.field in STOCK.values()
                ]
            return first
        assert before is not None
        step = followed(before, zettle, shop, now, shop_first=self.shop_first)
        levels = step.levels
        for side in Side:
            name = STOCK[side]
            waiting = [
                one for one in self.own.waiting if (one.field, one.variant_uuid) == (name, variant)
            ]
            was, shows = (before.zettle, zettle) if side is Side.ZETTLE else (before.shop, shop)
            new = [
                Prediction(
                    self.uuid,
                    variant,
                    name,
                    self._name(),
                    str(was),
                    str(max(0, was) + change),
                    now,
                    change,
                )
                for of, change in step.made
                if of is side
            ]
            levels = self._settled(session, levels, side, [*waiting, *new], shows)
        return levels

    def _settled(
        self,
        session: Session,
        levels: Levels,
        side: Side,
        waiting: Sequence[Prediction],
        shows: int,
    ) -> Levels:
        """Marks what has arrived and what is given up. `waiting`: oldest first, new ones last."""
        now, left = session.clock.now(), levels.pushed(side)
        count = arrived([one.change for one in waiting], left)
        for number, one in enumerate(waiting):
            if number < count:
                self._end(one, came_true(one.made_at, now), str(shows), session)
            elif one.id == 0:
                self.found.made.append(one)
        rest = waiting[count:]
        old = [one for one in rest if now - one.made_at > GIVEN_UP]
        if not old:
            return levels
        partly = sum(one.change for one in rest) != left
        for one in old:
            self._end(one, Outcome.DIFFERENT if partly else Outcome.MISSING, str(shows), session)
        young = sum(one.change for one in rest if one not in old)
        return levels.without(side, left - young)

    def _end(self, one: Prediction, outcome: Outcome, seen: str, session: Session) -> None:
        if one.id:
            self.found.settled.append((one.id, (outcome, seen)))
        else:
            now = session.clock.now()
            self.found.made.append(replace(one, outcome=outcome, seen=seen, settled_at=now))

    # ---- Fields ----------------------------------------------------------------------------------

    def _fields_wait(self) -> bool:
        return any(self._is_field(one) for one in self.own.waiting)

    @staticmethod
    def _is_field(one: Prediction) -> bool:
        return one.field not in {CREATED, REMOVED, *STOCK.values()}

    def _of_fields(
        self,
        session: Session,
        product: Product,
        wanted: CatalogProduct,
        there: tuple[ObservedProduct, Paired],
    ) -> None:
        now, pairs = session.clock.now(), there[1]
        overwritten = self._overwritten(wanted, *there)
        differs = {(one.field, one.variant): one for one in overwritten}
        for one in self.own.waiting:
            if not self._is_field(one) or self._has_no_place(one.variant_uuid, pairs):
                continue
            key = (one.field, one.variant_uuid)
            known = Predicted(key, one.was, one.expected)
            wanted_still = is_still_wanted(key, one.expected, wanted)
            end = judged(known, one.made_at, differs, now) if wanted_still else None
            if end is None:
                self.found.withdrawn.append(one.id)
            elif end.outcome is not Outcome.OPEN:
                self.found.settled.append((one.id, (end.outcome, end.seen)))
        pair = self.own.pair
        if pair is None or pair.etag in {"", product.etag}:
            return
        waiting = {(one.field, one.variant_uuid): one for one in self.own.waiting}
        for new in predicted(self._before(product), wanted, overwritten):
            field_name, variant = new.field
            open_ = waiting.get(new.field)
            # What came back to the value before was never written, by nobody.
            is_known = open_ is not None and (
                new.expected == open_.expected or (new.is_there and new.expected == open_.was)
            )
            if is_known or self._has_no_place(variant, pairs):
                continue
            name = self._name()
            made = Prediction(self.uuid, variant, field_name, name, new.was, new.expected, now)
            if new.is_there:
                made = replace(made, outcome=Outcome.RIGHT, seen=new.expected, settled_at=now)
            self.found.made.append(made)

    @staticmethod
    def _overwritten(
        wanted: CatalogProduct, shown: ObservedProduct, pairs: Paired
    ) -> Sequence[Overwritten]:
        """What Brygga would overwrite, cut as it is stored."""
        most, found = watching.MOST_TEXT, differences(wanted, shown, pairs)
        return [replace(one, was=one.was[:most], now=one.now[:most]) for one in found]

    # ---- Whole products --------------------------------------------------------------------------

    def _of_creation(self, session: Session, shown: ObservedProduct | None) -> None:
        """A product that is new in Zettle would be created, unless the store has it."""
        own, now = self.own, session.clock.now()
        waiting = [one for one in own.waiting if one.field == CREATED]
        is_new = own.is_read and own.before is None and own.pair is None and is_wanted(own.entry)
        if is_new and not waiting:
            name = self._name()
            waiting = [Prediction(self.uuid, "", CREATED, name, "", name, now)]
            if shown is None:
                self.found.made += waiting
        if shown is not None:
            for one in waiting:
                self._end(one, came_true(one.made_at, now), shown.name, session)

    def _of_removal(self, session: Session, pair: Watched, shown: ObservedProduct | None) -> None:
        """A product that was deleted in Zettle would be removed from the store (P12)."""
        own, now = self.own, session.clock.now()
        waiting = [one for one in own.waiting if one.field == REMOVED]
        if not waiting:
            waiting = [Prediction(self.uuid, "", REMOVED, self._name(), self._name(), "", now)]
            self.found.withdrawn += [one.id for one in own.waiting if one.field != CREATED]
            if shown is not None:
                self.found.made += waiting
        if shown is None:
            for one in waiting:
                self._end(one, came_true(one.made_at, now), "", session)
            self.found.gone.append(self.uuid)
        else:
            self._give_up(session, {REMOVED})
            self.found.pairs.append(pair)

    def _give_up(self, session: Session, fields: Collection[str]) -> None:
        now = session.clock.now()
        for one in self.own.waiting:
            if one.field in fields and now - one.made_at > GIVEN_UP:
                self.found.settled.append((one.id, (Outcome.MISSING, "")))

    def _name(self) -> str:
        return "" if self.own.entry is None else self.own.entry.name
