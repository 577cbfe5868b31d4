"""Which product has which name, SKU and URL: a foreseeable clash is avoided before the write
(decision 6).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from brygga.core import clashes
from brygga.core.model import CatalogProduct, CatalogVariant, ObservedProduct
from brygga.core.text import one_line


@dataclass(frozen=True, slots=True)
class Holder:
    """The product that has a value: its Zettle uuid, and its BigCommerce id where it has one."""

    key: str
    name: str
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class Clash:
    """`field` is "name", "sku" or "url". `written` is "" when the value with its suffix does not
    fit and is left out.
    """

    field: str
    value: str
    written: str
    holder: Holder
    variant: str = ""


@dataclass(slots=True)
class Claims:
    """The values that are taken. Names are compared exactly, SKUs without case over products and
    variants (bigcommerce facts 3.4).
    """

    _holders: dict[tuple[str, str], Holder] = field(default_factory=dict)

    def add(self, holder: Holder, values: Iterable[tuple[str, str]]) -> None:
        """Gives the holder these values. A value that another holder has stays with that one."""
        for value in values:
            self._holders.setdefault(value, holder)

    def taken(self, product: CatalogProduct) -> tuple[CatalogProduct, tuple[Clash, ...]]:
        """The product with a suffix on every value that another product has, and each such clash.
        Its final values are claimed.
        """
        found: list[Clash] = []
        key = product.key
        name = self._free("name", product.name, clashes.forms_of_name, _Owner(key, found))
        url = self._free("url", product.url, clashes.forms_of_url, _Owner(key, found))
        variants = tuple(
            self._variant(variant, _Owner(key, found, variant.key)) for variant in product.variants
        )
        changed = replace(product, name=name, url=url, variants=variants)
        self.add(Holder(key, product.name), values_of(changed))
        return changed, tuple(found)

    def _variant(self, variant: CatalogVariant, owner: "_Owner") -> CatalogVariant:
        sku = self._free("sku", variant.sku, clashes.forms_of_sku, owner)
        return variant if sku == variant.sku else replace(variant, sku=sku)

    def _free(
        self, name: str, value: str, forms_of: Callable[[str, str], Sequence[str]], owner: "_Owner"
    ) -> str:
        """The value, or the first of its forms that no other product has. If all forms are taken,
        BigCommerce refuses the write and names the clash.
        """
        holder = self.holder(name, value, owner.key)
        if not value or holder is None:
            return value
        forms = forms_of(value, owner.variant or owner.key)
        written = next(
            (form for form in forms if self.holder(name, form, owner.key) is None), value
        )
        if written != value:
            owner.found.append(Clash(name, value, written, holder, owner.variant))
        return written

    def holder(self, name: str, value: str, key: str) -> Holder | None:
        """The product other than `key` that has the value."""
        holder = self._holders.get((name, folded(name, value)))
        return holder if holder is not None and holder.key != key else None


@dataclass(frozen=True, slots=True)
class _Owner:
    """The owner of the value in question, and the list of its clashes."""

    key: str
    found: list[Clash]
    variant: str = ""


def values_of(product: CatalogProduct) -> list[tuple[str, str]]:
    """Every (field, value) that no other product of the store may have."""
    skus = [("sku", folded("sku", variant.sku)) for variant in product.variants]
    return [pair for pair in (("name", product.name), ("url", product.url), *skus) if pair[1]]


def values_held(found: ObservedProduct) -> list[tuple[str, str]]:
    """The same, for a product as it is in the store, whatever Zettle calls it."""
    skus = {
        folded("sku", sku)
        for sku in (found.sku, *(variant.sku for variant in found.variants))
        if sku
    }
    return [
        ("name", one_line(found.name)),
        ("url", found.url),
        *(("sku", sku) for sku in sorted(skus)),
    ]


def folded(name: str, value: str) -> str:
    """The form that is compared: without invisible characters (decision 20), and a SKU without
    case.
    """
    return one_line(value).casefold() if name == "sku" else one_line(value)
