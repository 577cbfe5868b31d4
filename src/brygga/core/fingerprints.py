"""The fingerprint of a desired product: where it is equal, a write would change nothing."""

import hashlib
from decimal import Decimal

from brygga.core.model import CatalogProduct

_SHAPE_DIGITS = 16
"""How many digits of a fingerprint are for options and values alone."""


def fingerprint(desired: CatalogProduct) -> str:
    """A stable digest of everything that we want of the product. Its first half is for options and
    values.
    """
    shape = [(option.name, option.labels) for option in desired.options]
    return _digest(shape)[:_SHAPE_DIGITS] + _digest(_canonical(desired))[:_SHAPE_DIGITS]


def shape_of(fingerprint: str) -> str:
    """The half of a fingerprint that is for options and values."""
    return fingerprint[:_SHAPE_DIGITS]


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _canonical(desired: CatalogProduct) -> tuple[object, ...]:
    variants = tuple(
        (v.key, v.sku, v.upc, v.gtin, written(v.price), v.values, v.image)
        for v in sorted(desired.variants, key=lambda v: v.key)
    )
    images = tuple(image.source for image in desired.images)
    texts = (
        desired.name,
        desired.description,
        desired.page_title,
        desired.meta_description,
        desired.url,
    )
    return (
        desired.key,
        texts,
        written(desired.weight),
        written(desired.price),
        variants,
        images,
        desired.videos,
    )


def written(number: Decimal | None) -> str:
    """A number without zeros at its end; "" for none."""
    return "" if number is None else format(number.normalize(), "f")
