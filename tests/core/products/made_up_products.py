"""Zettle products, small and strange, for examples and for Hypothesis."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from brygga.core.model import Money, OptionDefinition, Product, Variant, WeightUnit
from brygga.core.terms import Terms

TERMS = Terms(currency="SEK", prices=True, weight_unit=WeightUnit.KILOGRAM, category_id=23)
NO_PRICES = replace(TERMS, prices=False)


def kronor(amount: int) -> Money:
    return Money(amount * 100, "SEK")


def cup(**fields: object) -> Product:
    """A simple product: one cup."""
    variant = Variant("v-cup", sku="CUP-1", barcode="7310865004703", price=kronor(249))
    product = Product(
        "p-cup", "Mugg", "E1", (variant,), description="Blå glasyr", weight_grams=Decimal(450)
    )
    return replace(product, **fields)  # type: ignore[arg-type]


def shirt(*values: str, option: str = "Storlek", **fields: object) -> Product:
    """A product with one option; a variant's uuid is named after its place."""
    variants = tuple(
        Variant(
            f"v-{place}", sku=f"TR-{place}", price=kronor(199 + place), options=((option, value),)
        )
        for place, value in enumerate(values)
    )
    product = Product("p-shirt", "Tröja", "E1", variants, (OptionDefinition(option, values),))
    return replace(product, **fields)  # type: ignore[arg-type]


_texts = st.sampled_from(["", "Mugg", "mugg ", "Rött & blått", "<p>Hej</p>", "a\nb"])
_values = ["S", "M", "L", " s", "-1", "", "Röd", "Blå"]
_names = ["Storlek", "Färg", "storlek ", "", "Material"]
_pictures = [f"https://image.izettle.com/product/{letter}.png" for letter in "abcd"]
_clips = [f"https://youtu.be/{letter * 11}" for letter in "xyz"]


@st.composite
def products(draw: st.DrawFn, uuid: str = "p-1") -> Product:
    """Any product that Zettle lets through, with variants v-0 to v-5."""
    names = draw(st.lists(st.sampled_from(_names), max_size=3, unique=True))
    count = draw(st.integers(1, 1 if not names and draw(st.booleans()) else 5))
    keys = draw(
        st.lists(
            st.sampled_from([f"v-{n}" for n in range(6)]),
            min_size=count,
            max_size=count,
            unique=True,
        )
    )
    variants = tuple(
        Variant(
            key,
            name=draw(st.sampled_from(["", "En", "Två"])),
            sku=draw(st.sampled_from(["", "A", "a", "B", "C", key])),
            barcode=draw(st.sampled_from(["", "7310865004703", "1" * 15, "X-1"])),
            price=draw(st.sampled_from([None, kronor(10), kronor(20), Money(100, "EUR")])),
            options=tuple((name, draw(st.sampled_from(_values))) for name in names),
            image_url=draw(st.sampled_from(["", *_pictures])),
        )
        for key in keys
    )
    return Product(
        uuid,
        draw(st.sampled_from(["Mugg", "Kopp", "M" * 256])),
        "E",
        variants,
        tuple(OptionDefinition(name, tuple(draw(st.permutations(_values)))) for name in names),
        description=draw(_texts),
        online_description=draw(_texts),
        seo_title=draw(_texts),
        seo_description=draw(_texts),
        slug=draw(st.sampled_from(["", "mugg", "Röd Kopp"])),
        weight_grams=draw(st.sampled_from([None, Decimal(1), Decimal(450)])),
        image_urls=tuple(draw(st.lists(st.sampled_from(_pictures), unique=True))),
        media_urls=tuple(
            draw(st.lists(st.sampled_from([*_clips, "https://vimeo.com/1"]), unique=True))
        ),
    )


@st.composite
def saved_again(draw: st.DrawFn, product: Product) -> Product:
    """The same product after the merchant has worked on it: another draw in some fields, the rest
    as it was.
    """
    other = draw(products(product.uuid))
    changes: dict[str, object] = {"etag": "E2"}
    for name in (
        "name",
        "description",
        "seo_title",
        "slug",
        "weight_grams",
        "image_urls",
        "media_urls",
    ):
        if draw(st.booleans()):
            changes[name] = getattr(other, name)
    match draw(
        st.sampled_from(
            ["same", "renamed value", "renamed option", "other variants", "fewer", "prices"]
        )
    ):
        case "renamed value" if product.definitions:
            changes |= _renamed_value(
                product, product.definitions[0].name, draw(st.sampled_from(_values))
            )
        case "renamed option" if product.definitions:
            changes |= _renamed_option(
                product, product.definitions[0].name, draw(st.sampled_from(_names))
            )
        case "other variants":
            changes |= {"variants": other.variants, "definitions": other.definitions}
        case "fewer":
            changes["variants"] = product.variants[: draw(st.integers(1, len(product.variants)))]
        case "prices":
            changes["variants"] = tuple(replace(v, price=kronor(33)) for v in product.variants)
    return replace(product, **changes)  # type: ignore[arg-type]


def _renamed_value(product: Product, option: str, was: str) -> dict[str, object]:
    def new(value: str) -> str:
        return "Ny" if value == was else value

    definitions = tuple(
        replace(d, values=tuple(map(new, d.values))) if d.name == option else d
        for d in product.definitions
    )
    variants = tuple(
        replace(
            v,
            options=tuple((n, new(value)) if n == option else (n, value) for n, value in v.options),
        )
        for v in product.variants
    )
    return {"definitions": definitions, "variants": variants}


def _renamed_option(product: Product, was: str, now: str) -> dict[str, object]:
    if now in {definition.name for definition in product.definitions}:
        return {}
    definitions = tuple(
        replace(d, name=now if d.name == was else d.name) for d in product.definitions
    )
    variants = tuple(
        replace(v, options=tuple((now if n == was else n, value) for n, value in v.options))
        for v in product.variants
    )
    return {"definitions": definitions, "variants": variants}
