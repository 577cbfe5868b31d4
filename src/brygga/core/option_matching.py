"""Which option of a product in BigCommerce is which of the desired ones, and which of its values.

An option that we made is known by its id, also under another name. One that we do not know is
matched by the name that we want, and one whose name is not wanted any more by the variants that it
divides as a wanted one does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from brygga.core.model import (
    CatalogOption,
    CatalogProduct,
    ObservedOption,
    ObservedValue,
    ObservedVariant,
    Synced,
)
from brygga.core.text import one_line


@dataclass(slots=True)
class Column:
    """One desired option, and the option in BigCommerce that matches it. `found` is None when it
    must be created.
    """

    wanted: CatalogOption
    place: int
    found: ObservedOption | None = None
    values: dict[str, ObservedValue] = field(default_factory=dict)
    """Label as we want it -> the value that has it or is renamed to it. A missing label must be
    created.
    """
    unneeded: dict[str, int] = field(default_factory=dict)
    """Our values that no desired label needs any more."""


def columns_of(
    desired: CatalogProduct,
    synced: Synced,
    found: Sequence[ObservedOption],
    bound: Mapping[str, ObservedVariant],
) -> list[Column]:
    """Every desired option, with the option and the values in BigCommerce that match it."""
    by_id = {option.option_id: option for option in found}
    ours = {name: by_id[id_] for name, id_ in synced.options.items() if id_ in by_id}
    columns = [
        Column(option, place, ours.get(option.name)) for place, option in enumerate(desired.options)
    ]
    _claim_by_name(columns, [option for option in found if option not in ours.values()])
    _claim_renamed(desired, columns, list(ours.values()), bound)
    old_names = {option.option_id: name for name, option in ours.items()}
    for column in columns:
        if column.found:
            _claim_values(
                desired,
                column,
                synced,
                old_names.get(column.found.option_id, column.wanted.name),
                bound,
            )
    return columns


def _claim_by_name(columns: list[Column], unbound: Sequence[ObservedOption]) -> None:
    """Matches options that we do not know by the name that we want. They belong to a linked
    product, or were created just before a crash.
    """
    for column in columns:
        if column.found is None:
            wanted = column.wanted.name.casefold()
            column.found = next(
                (one for one in unbound if one_line(one.name).casefold() == wanted), None
            )


def _claim_renamed(
    desired: CatalogProduct,
    columns: list[Column],
    ours: list[ObservedOption],
    bound: Mapping[str, ObservedVariant],
) -> None:
    """Matches our options whose name is no longer wanted with wanted options that divide the
    remaining variants in the same way.
    """
    claimed = [column.found for column in columns if column.found]
    free = [option for option in ours if option not in claimed]
    open_columns = [column for column in columns if column.found is None]
    for column in open_columns:
        alike = [
            option for option in free if _parts_alike(desired, column.wanted.name, option, bound)
        ]
        if alike:
            column.found = alike[0]
            free.remove(alike[0])


def _parts_alike(
    desired: CatalogProduct, name: str, option: ObservedOption, bound: Mapping[str, ObservedVariant]
) -> bool:
    """True when equal labels of the wanted option match equal values of the found one, for every
    variant that remains.
    """
    pairs = set()
    for variant in desired.variants:
        if seen := bound.get(variant.key):
            pairs.add((dict(variant.values)[name], dict(seen.values).get(option.option_id)))
    values = [value for _, value in pairs]
    return (
        bool(pairs)
        and None not in values
        and len({label for label, _ in pairs}) == len(pairs) == len(set(values))
    )


def _claim_values(
    desired: CatalogProduct,
    column: Column,
    synced: Synced,
    old_name: str,
    bound: Mapping[str, ObservedVariant],
) -> None:
    assert column.found is not None, "values are claimed for an option that exists"
    known = {value.value_id: value for value in column.found.values}
    ours = {
        label: id_
        for (name, label), id_ in synced.values.items()
        if name == old_name and id_ in known
    }
    unbound = [value for value in column.found.values if value.value_id not in ours.values()]
    for label in column.wanted.labels:
        if label in ours:
            column.values[label] = known[ours[label]]
        elif same := _named(label, unbound):
            column.values[label] = same
            unbound.remove(same)
    taken = {value.value_id for value in column.values.values()}
    for label in column.wanted.labels:
        if label not in column.values:
            carriers = _carriers(desired, column.wanted.name, label, column.found.option_id, bound)
            if len(carriers) == 1 and carriers <= known.keys() - taken:
                column.values[label] = known[carriers.pop()]
                taken.add(column.values[label].value_id)
    column.unneeded = {label: id_ for label, id_ in ours.items() if id_ not in taken}


def _named(label: str, values: Iterable[ObservedValue]) -> ObservedValue | None:
    candidates = list(values)
    exact = (value for value in candidates if one_line(value.label) == label)
    alike = (value for value in candidates if one_line(value.label).casefold() == label.casefold())
    return next(exact, None) or next(alike, None)


def _carriers(
    desired: CatalogProduct,
    name: str,
    label: str,
    option_id: int,
    bound: Mapping[str, ObservedVariant],
) -> set[int]:
    """The value ids that the remaining variants of a label have now."""
    seen = (
        bound[variant.key]
        for variant in desired.variants
        if variant.key in bound and (name, label) in variant.values
    )
    return {dict(variant.values).get(option_id, 0) for variant in seen}
