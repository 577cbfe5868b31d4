"""Who has which name, SKU and URL: a clash that can be foreseen is avoided, not met (decision
6).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from brygga.core import clashes
from brygga.core.model import CatalogProduct, CatalogVariant, ObservedProduct
from brygga.core.text import one_line


@dataclass(frozen=True, slots=True)
class Holder:
    """The product that has a value: by its Zettle uuid, and its BigCommerce id where it has one
    already.
    """

    key: str
    name: str
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class Clash:
    """`field` is "name", "sku" or "url"; `written` is "" when the suffixed value would no longer
    fit and is left out.
    """

    field: str
    value: str
    written: str
    holder: Holder
    variant: str = ""


@dataclass(slots=True)
class Claims:
    """What is taken. Names are compared exactly, SKUs without case over products and variants
    (bigcommerce facts 3.4).
    """

    _holders: dict[tuple[str, str], Holder] = field(default_factory=dict)

    def add(self, holder: Holder, values: Iterable[tuple[str, str]]) -> None:
        """These values are its own from here on; a value that another one has stays that one's."""
        for value in values:
            self._holders.setdefault(value, holder)

    def taken(self, product: CatalogProduct) -> tuple[CatalogProduct, tuple[Clash, ...]]:
        """The product with a suffix on every value that another product has, and each such clash.
        What it ends with is claimed.
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
        """The value, or the first of its forms that nobody has; a clash of all is left for the shop
        to name.
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
        """Another product than `key` that has the value."""
        holder = self._holders.get((name, folded(name, value)))
        return holder if holder is not None and holder.key != key else None


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose value is looked at, and where its clashes are noted."""

    key: str
    found: list[Clash]
    variant: str = ""


def values_of(product: CatalogProduct) -> list[tuple[str, str]]:
    """Every (field, value) that no other product of the store may have."""
    skus = [("sku", folded("sku", variant.sku)) for variant in product.variants]
    return [pair for pair in (("name", product.name), ("url", product.url), *skus) if pair[1]]


def values_held(found: ObservedProduct) -> list[tuple[str, str]]:
    """The same of a product as it stands in the shop, whatever Zettle calls it."""
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
    """What is compared: without what cannot be seen (decision 20); a SKU without case too."""
    return one_line(value).casefold() if name == "sku" else one_line(value)
