"""Names, SKUs and URLs that move from one product to another: what is written first and what last
(decisions 6, 19).

BigCommerce refuses a value that another product has, even if that product gives it up in the same
call. So a batch is written in at most two passes. In the first pass each product gives up its old
value and takes its new one if that is free. In the second pass each takes what was given up. A
product that must give up its value before its new one is free has a suffixed form meanwhile. After
a stop between the passes that form stays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from brygga.core import clashes
from brygga.core.claims import Claims, Clash, Holder, folded
from brygga.core.model import CatalogProduct, ObservedProduct, Synced
from brygga.core.text import one_line

FIELDS = ("name", "url", "sku")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one value that is unique in the store. `variant` is "" for a name or a URL."""

    field: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """`now` is the value in BigCommerce once the product has its new structure. `wanted` is the
    plain value.
    """

    owner: Holder
    slot: Slot
    now: str
    wanted: str
    alone: bool = False
    """A simple product's SKU: it may be left out if its suffixed form does not fit either."""

    @property
    def forms(self) -> tuple[str, ...]:
        """The values that may be written instead, the best first."""
        match self.slot.field:
            case "name":
                return clashes.forms_of_name(self.wanted, self.owner.key)
            case "url":
                return clashes.forms_of_url(self.wanted, self.owner.key)
        forms = clashes.forms_of_sku(self.wanted, self.slot.variant)
        return tuple(
            filter(
                None, forms if self.alone else (*forms, clashes.generated_sku(self.slot.variant))
            )
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """What a slot has after the first pass and in the end. With a clash, the last value is not the
    plain one.
    """

    now: str
    first: str
    last: str
    clash: Clash | None = None


Turns = Mapping[Slot, Turn]


def wishes_of(desired: CatalogProduct, bound: Synced, seen: ObservedProduct) -> tuple[Wish, ...]:
    """Every slot of a product that is in the store, also where nothing changes."""
    owner = Holder(desired.key, desired.name, seen.product_id)
    wishes = [Wish(owner, Slot("name"), one_line(seen.name), desired.name)]
    wishes.append(Wish(owner, Slot("url"), seen.url, desired.url or seen.url))
    if desired.is_simple:
        (only,) = desired.variants
        now = one_line(seen.sku)
        wanted = now if not only.sku and now == clashes.generated_sku(only.key) else only.sku
        wishes.append(Wish(owner, Slot("sku", only.key), now, wanted, alone=True))
        return tuple(wishes)
    present = {
        variant.variant_id: one_line(variant.sku) for variant in seen.variants if variant.values
    }
    held = {one.key: present.get(bound.variants.get(one.key, 0), "") for one in desired.variants}
    for variant in desired.variants:
        now, wanted = held[variant.key], variant.sku or clashes.generated_sku(variant.key)
        if not variant.sku and not now and variant.key in bound.variants:
            wanted = ""
        if any(_same("sku", now, one.sku) for one in desired.variants if one.key != variant.key):
            # `planning` frees it first: another variant of the product wants it.
            now = clashes.generated_sku(variant.key)
        wishes.append(Wish(owner, Slot("sku", variant.key), now, wanted))
    return tuple(wishes)


def changed(wishes: Sequence[Wish]) -> list[tuple[str, str]]:
    """The (field, value) pairs that a product wants and does not have."""
    return [
        (w.slot.field, w.wanted)
        for w in wishes
        if w.wanted and not _same(w.slot.field, w.now, w.wanted)
    ]


def turns(wishes: Sequence[Wish], claims: Claims) -> dict[str, dict[Slot, Turn]]:
    """What each slot has after each pass, by product. `claims` has the values of products outside
    the batch.
    """
    return _HandOver(wishes, claims).turns()


def _same(name: str, one: str, other: str) -> bool:
    return one != "" and folded(name, one) == folded(name, other)


@dataclass(slots=True)
class _HandOver:
    wishes: Sequence[Wish]
    claims: Claims
    held: dict[tuple[str, str], Wish] = field(default_factory=dict)
    taken: dict[tuple[str, str], Wish] = field(default_factory=dict)
    """The values that a product has in the end."""

    def turns(self) -> dict[str, dict[Slot, Turn]]:
        for wish in self.wishes:
            if wish.now:
                self.held[wish.slot.field, folded(wish.slot.field, wish.now)] = wish
        lasts = self._lasts()
        found: dict[str, dict[Slot, Turn]] = {}
        for wish in self.wishes:
            last, clash = lasts[wish.owner.key, wish.slot]
            turn = Turn(wish.now, self._first(wish, last), last, clash)
            found.setdefault(wish.owner.key, {})[wish.slot] = turn
        return found

    def _lasts(self) -> dict[tuple[str, Slot], tuple[str, Clash | None]]:
        """The product that has a value keeps it. A free value goes to the first that wants it."""
        lasts: dict[tuple[str, Slot], tuple[str, Clash | None]] = {}
        losers: list[tuple[Wish, Holder]] = []
        for wish in sorted(
            self.wishes, key=lambda wish: not _same(wish.slot.field, wish.now, wish.wanted)
        ):
            holder = self._holder(wish, wish.wanted)
            if holder is not None:
                losers.append((wish, holder))
                continue
            lasts[wish.owner.key, wish.slot] = wish.wanted, None
            self._take(wish, wish.wanted)
        for wish, holder in losers:
            written = (
                wish.now
                if wish.now in wish.forms
                else next(filter(self._is_free(wish), wish.forms), "")
            )
            clash = Clash(wish.slot.field, wish.wanted, written, holder, wish.slot.variant)
            # If no form fits, the slot stays as it is.
            lasts[wish.owner.key, wish.slot] = written or wish.now, clash
            self._take(wish, written or wish.now)
        return lasts

    def _take(self, wish: Wish, value: str) -> None:
        if value:
            self.taken.setdefault((wish.slot.field, folded(wish.slot.field, value)), wish)

    def _holder(self, wish: Wish, value: str) -> Holder | None:
        """The product that has the value in the end: one outside the batch, or an earlier wish."""
        if not value:
            return None
        outside = self.claims.holder(wish.slot.field, value, wish.owner.key)
        earlier = self.taken.get((wish.slot.field, folded(wish.slot.field, value)))
        return outside or (earlier.owner if earlier is not None and earlier is not wish else None)

    def _is_free(self, wish: Wish) -> Callable[[str], bool]:
        def is_free(form: str) -> bool:
            place = wish.slot.field, folded(wish.slot.field, form)
            return self._holder(wish, form) is None and self.held.get(place, wish) is wish

        return is_free

    def _first(self, wish: Wish, last: str) -> str:
        """The value after the first pass: the last value, unless another product still has it."""
        name = wish.slot.field
        holder = self.held.get((name, folded(name, last)))
        if not last or holder is None or holder is wish:
            return last
        wanted = self.taken.get((name, folded(name, wish.now))) if wish.now else None
        if wish.now and (wanted is None or wanted is wish):
            return wish.now
        meanwhile = next(filter(self._is_free(wish), wish.forms), "")
        self._take(wish, meanwhile)
        return meanwhile or wish.now
