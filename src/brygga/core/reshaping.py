"""Options, values and variants of a product that is already in BigCommerce: what is ours, what
moves, and what must be recreated.

A variant's option values can never be changed (bigcommerce facts 3.7), so a variant that gets other
values is deleted and recreated. An option or a value that only gets another name keeps its id and
its variants (3.9). The variants show a rename: those that had the old name are the ones that have
the new name.

What the merchant added stays. Options, values and variants that are not among our children are
neither changed nor deleted. New variants take the first value of such an option, because
BigCommerce requires one of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from brygga.core.model import (
    CatalogProduct,
    CatalogVariant,
    ObservedOption,
    ObservedProduct,
    ObservedValue,
    ObservedVariant,
    Synced,
)
from brygga.core.operations import (
    CreateOption,
    CreateValue,
    CreateVariant,
    DeleteOption,
    DeleteValue,
    DeleteVariant,
    Operation,
    RenameOption,
    RenameValue,
)
from brygga.core.option_matching import Column, columns_of
from brygga.core.text import one_line

_TEMPORARY_LIMIT = 230


@dataclass(frozen=True, slots=True)
class Reshaping:
    """How to get from the observed options and variants to the desired ones.

    `kept` are the variants that stay, by Zettle uuid. Their fields may still differ. `children` is
    the binding with the children found in BigCommerce, under the names that they have or will have.
    It still includes what will be deleted. `renamed` are (what, was, now).
    """

    before: tuple[Operation, ...]
    """Up to and including new variants."""
    after: tuple[Operation, ...]
    """Values that are deleted when nothing uses them any more."""
    kept: Mapping[str, ObservedVariant]
    children: Synced
    renamed: tuple[tuple[str, str, str], ...] = ()


def options_of(observed: ObservedProduct) -> tuple[ObservedOption, ...]:
    """The product's options. If they were not read, those that its variants show."""
    if observed.options is not None:
        return observed.options
    names: dict[int, str] = {}
    values: dict[int, dict[int, ObservedValue]] = {}
    for variant in observed.variants:
        for (option_id, value_id), (name, label) in zip(
            variant.values, variant.labels, strict=False
        ):
            names[option_id] = name
            shown = values.setdefault(option_id, {})
            shown.setdefault(value_id, ObservedValue(value_id, label, len(shown)))
    return tuple(
        ObservedOption(option_id, name, tuple(values[option_id].values()), place)
        for place, (option_id, name) in enumerate(names.items())
    )


def reshaped(desired: CatalogProduct, synced: Synced, observed: ObservedProduct) -> Reshaping:
    """The operations on options, values and variants, in an order that BigCommerce accepts.

    The order is: delete variants, delete options, rename, create options and values, create
    variants. Unused values are deleted last, because an option must always have a value.
    """
    found = options_of(observed)
    bound = _bound(synced, observed)
    columns = columns_of(desired, synced, found, bound)
    claimed = {column.found.option_id for column in columns if column.found}
    unclaimed = [option for option in found if option.option_id not in claimed]
    ours = set(synced.options.values())
    removed = tuple(option for option in unclaimed if option.option_id in ours)
    foreign = tuple(option for option in unclaimed if option.option_id not in ours)

    kept, made = _variants(desired, columns, bound, observed, removed)
    deleted = [variant for key, variant in bound.items() if kept.get(key) is not variant]
    others = [
        v
        for v in observed.variants
        if v.variant_id not in {b.variant_id for b in [*bound.values(), *kept.values()]}
    ]

    product_id = observed.product_id
    before: list[Operation] = [DeleteVariant(product_id, variant.variant_id) for variant in deleted]
    before += [DeleteOption(product_id, option.option_id) for option in removed]
    named, renamed = _renames(product_id, columns, exact=observed.options is not None)
    before += named
    before += [CreateOption(product_id, c.wanted, c.place) for c in columns if c.found is None]
    before += _new_values(product_id, columns)
    before += [CreateVariant(product_id, _with_foreign(variant, foreign)) for variant in made]
    after = _unused_values(product_id, columns, others)
    children = _children(synced, columns, removed, bound, kept)
    return Reshaping(tuple(before), tuple(after), kept, children, tuple(renamed))


# ---- Which variant is which ----------------------------------------------------------------------


def _bound(synced: Synced, observed: ObservedProduct) -> dict[str, ObservedVariant]:
    """By Zettle key: our variants that the product has, but for the one of a simple product."""
    present = {variant.variant_id: variant for variant in observed.variants if variant.values}
    return {key: present[id_] for key, id_ in synced.variants.items() if id_ in present}


def _variants(
    desired: CatalogProduct,
    columns: Sequence[Column],
    bound: Mapping[str, ObservedVariant],
    observed: ObservedProduct,
    removed: Sequence[ObservedOption],
) -> tuple[dict[str, ObservedVariant], list[CatalogVariant]]:
    """The variants that can stay (bound ones, and unbound ones with exactly our values), and those
    that must be created.
    """
    by_name = {column.wanted.name: column for column in columns}
    ours = {variant.variant_id for variant in bound.values()}
    unbound = [
        variant
        for variant in observed.variants
        if variant.variant_id not in ours and variant.values
    ]
    gone = {option.option_id for option in removed}
    kept: dict[str, ObservedVariant] = {}
    made: list[CatalogVariant] = []
    for variant in desired.variants if desired.options else ():
        target = _target(variant, by_name)
        candidates = [bound[variant.key], *unbound] if variant.key in bound else unbound
        fitting = [seen for seen in candidates if target is not None and _fits(seen, target, gone)]
        if fitting:
            kept[variant.key] = fitting[0]
            if fitting[0] in unbound:
                unbound.remove(fitting[0])
        else:
            made.append(variant)
    return kept, made


def _target(variant: CatalogVariant, columns: Mapping[str, Column]) -> dict[int, int] | None:
    """The ids of the variant's values by option id. None when one of them must still be created."""
    target = {}
    for name, label in variant.values:
        column = columns[name]
        if column.found is None or label not in column.values:
            return None
        target[column.found.option_id] = column.values[label].value_id
    return target


def _fits(seen: ObservedVariant, target: Mapping[int, int], gone: set[int]) -> bool:
    carried = dict(seen.values)
    return target.items() <= carried.items() and not gone & carried.keys()


def _with_foreign(variant: CatalogVariant, foreign: Sequence[ObservedOption]) -> CatalogVariant:
    extra = tuple((option.name, option.values[0].label) for option in foreign if option.values)
    return replace(variant, values=variant.values + extra)


# ---- Operations ----------------------------------------------------------------------------------


def _renames(
    product_id: int, columns: Sequence[Column], *, exact: bool
) -> tuple[list[Operation], list[tuple[str, str, str]]]:
    """Renames names that differ and, if options were read (`exact`), places out of order."""
    renamed: list[tuple[str, str, str]] = []
    options: list[tuple[_Named, str, int]] = []
    values: list[Operation] = []
    present = [(column, column.found) for column in columns if column.found]
    # A new option is created at its own place: the options after it must move.
    places = [column.found.sort_order if column.found else column.place for column in columns]
    disordered = exact and not _ascending(places)
    for column, found in present:
        name = column.wanted.name
        place = column.place if disordered else found.sort_order
        named = _Named(found.option_id, one_line(found.name), found.sort_order)
        options.append((named, name, place))
        if named.name != name:
            renamed.append(("option", named.name, name))
        stands = _places(column, exact=exact)
        labels = [
            (_Named(value.value_id, one_line(value.label), value.sort_order), label, stands[label])
            for label, value in column.values.items()
        ]
        renamed += [(name, was.name, label) for was, label, _ in labels if was.name != label]
        values += [RenameValue(product_id, found.option_id, *step) for step in _orderly(labels)]
    return [*(RenameOption(product_id, *step) for step in _orderly(options)), *values], renamed


@dataclass(frozen=True, slots=True)
class _Named:
    id: int
    name: str
    place: int


def _orderly(wishes: Sequence[tuple[_Named, str, int]]) -> list[tuple[int, str, int]]:
    """The needed renames, as (id, name, place), in an order in which no two ever have the same
    name. A cycle of names uses a temporary name.
    """
    steps: list[tuple[int, str, int]] = []
    pending = [
        (was.id, name, place)
        for was, name, place in wishes
        if (was.name, was.place) != (name, place)
    ]
    held = {was.name.casefold(): was.id for was, _, _ in wishes}
    while pending:
        free = next(
            (step for step in pending if held.get(step[1].casefold(), step[0]) == step[0]), None
        )
        if free is None:
            id_, name, place = pending[0]
            step = (id_, f"{name[:_TEMPORARY_LIMIT]} ({id_})", place)
        else:
            step = free
            pending.remove(free)
        steps.append(step)
        held = {name: id_ for name, id_ in held.items() if id_ != step[0]} | {
            step[1].casefold(): step[0]
        }
    return steps


def _places(column: Column, *, exact: bool) -> dict[str, int]:
    """The place of each label: its present one if the order is right, else counted from 0."""
    labels = column.wanted.labels
    present = [label for label in labels if label in column.values]
    new_are_last = labels[: len(present)] == tuple(present)
    orders = [column.values[label].sort_order for label in present]
    if not exact or (new_are_last and _ascending(orders)):
        last = max(orders, default=-1)
        new = [label for label in labels if label not in column.values]
        return {label: column.values[label].sort_order for label in present} | {
            label: last + 1 + place for place, label in enumerate(new)
        }
    return {label: place for place, label in enumerate(labels)}


def _ascending(numbers: Sequence[int]) -> bool:
    return all(one < next_ for one, next_ in pairwise(numbers))


def _new_values(product_id: int, columns: Sequence[Column]) -> list[Operation]:
    return [
        CreateValue(product_id, column.wanted.name, label, places[label])
        for column in columns
        if column.found
        for places in [_places(column, exact=True)]
        for label in column.wanted.labels
        if label not in column.values
    ]


def _unused_values(
    product_id: int, columns: Sequence[Column], others: Sequence[ObservedVariant]
) -> tuple[Operation, ...]:
    """Our values that nothing needs, unless a variant that the merchant added uses them."""
    used = {pair for variant in others for pair in variant.values}
    return tuple(
        DeleteValue(product_id, column.found.option_id, value_id)
        for column in columns
        if column.found
        for value_id in column.unneeded.values()
        if (column.found.option_id, value_id) not in used
    )


def _children(
    synced: Synced,
    columns: Sequence[Column],
    removed: Sequence[ObservedOption],
    bound: Mapping[str, ObservedVariant],
    kept: Mapping[str, ObservedVariant],
) -> Synced:
    options = {column.wanted.name: column.found.option_id for column in columns if column.found}
    values: dict[tuple[str, str], int] = {}
    for column in columns:
        name = column.wanted.name
        values |= {(name, label): value_id for label, value_id in column.unneeded.items()}
        values |= {(name, label): value.value_id for label, value in column.values.items()}
    leaving = {
        name: id_
        for name, id_ in synced.options.items()
        if id_ in {option.option_id for option in removed}
    }
    for name, id_ in leaving.items():
        # Two options may have swapped their names. The deleted one keeps a name of its own until it
        # is gone.
        options.setdefault(name if name not in options else f"{name}\n{id_}", id_)
    variants = {key: variant.variant_id for key, variant in [*bound.items(), *kept.items()]}
    return replace(synced, options=options, values=values, variants=variants)
