"""A BigCommerce of plain values: applies operations to an observed product as the platform would
(bigcommerce facts 3.3 to 3.11).

It knows nothing of planning: ids are its own, values are looked up among the children that the
caller was told about, and whatever the platform would refuse fails an assertion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from brygga.core.fingerprints import fingerprint
from brygga.core.model import (
    CatalogProduct,
    CatalogVariant,
    ObservedImage,
    ObservedOption,
    ObservedProduct,
    ObservedValue,
    ObservedVariant,
    ObservedVideo,
    Synced,
    Tracking,
)
from brygga.core.operations import (
    AddImage,
    AddVideo,
    CreateOption,
    CreateProduct,
    CreateValue,
    CreateVariant,
    DeleteImage,
    DeleteOption,
    DeleteProduct,
    DeleteValue,
    DeleteVariant,
    DeleteVideo,
    Forget,
    MoveVideo,
    Operation,
    RenameOption,
    RenameValue,
    SetTracking,
    Unlink,
    UpdateImage,
    UpdateProduct,
    UpdateVariant,
)


@dataclass(slots=True)
class PureShop:
    """One product's place in a store. `synced` is what a faithful engine would remember."""

    product: ObservedProduct | None = None
    synced: Synced | None = None
    last_id: int = 100
    log: list[Operation] = field(default_factory=list)

    def apply(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self.log.append(operation)
            self._apply(operation)

    def seal(self, desired: CatalogProduct, etag: str) -> None:
        assert self.synced
        self.synced = replace(self.synced, etag=etag, fingerprint=fingerprint(desired))

    def seen(self) -> ObservedProduct:
        assert self.product
        return self.product

    def bound(self) -> Synced:
        assert self.synced
        return self.synced

    def id(self) -> int:
        self.last_id += 1
        return self.last_id

    # ---- one operation each

    def _apply(self, operation: Operation) -> None:
        match operation:
            case CreateProduct():
                self._create(operation)
            case DeleteProduct() | Forget() | Unlink():
                self.product = self.product if isinstance(operation, Unlink) else None
                self.synced = None
            case UpdateProduct(_, changes):
                self.product = replace(self.seen(), **_plain(changes))
            case SetTracking(_, tracking):
                self.product = replace(self.seen(), tracking=tracking)
            case UpdateVariant() | CreateVariant() | DeleteVariant():
                self._variant(operation)
            case CreateOption() | RenameOption() | DeleteOption():
                self._option(operation)
            case CreateValue() | RenameValue() | DeleteValue():
                self._value(operation)
            case AddImage() | UpdateImage() | DeleteImage():
                self._image(operation)
            case AddVideo() | MoveVideo() | DeleteVideo():
                self._video(operation)

    def _create(self, operation: CreateProduct) -> None:
        wanted, create = operation.desired, operation.create
        product = ObservedProduct(
            product_id=self.id(),
            name=wanted.name,
            description=wanted.description,
            price=wanted.price if wanted.price is not None else create.price,
            weight=wanted.weight if wanted.weight is not None else Decimal(0),
            page_title=wanted.page_title,
            meta_description=wanted.meta_description,
            url=wanted.url or "/of-its-own/",
            category_ids=(create.category_id,),
            options=(),
            images=tuple(
                ObservedImage(self.id(), i.is_thumbnail, i.sort_order) for i in wanted.images
            ),
            videos=tuple(
                ObservedVideo(self.id(), v, place) for place, v in enumerate(wanted.videos)
            ),
        )
        self.product = product
        synced = Synced(wanted.key, product.product_id)
        images = {i.source: o.image_id for i, o in zip(wanted.images, product.images, strict=True)}
        self.synced = replace(
            synced, images=images, videos={v.video_id: v.id for v in product.videos}
        )
        if wanted.is_simple:
            (only,) = wanted.variants
            self._base(only.sku, only.upc, only.gtin)
            self.synced = replace(
                self.synced, variants={only.key: self.seen().base_variant_id or 0}
            )
            return
        for option in wanted.options:
            labels = dict.fromkeys(dict(v.values)[option.name] for v in wanted.variants)
            self._option(
                CreateOption(
                    product.product_id,
                    replace(option, labels=tuple(labels)),
                    option_place(wanted, option.name),
                )
            )
        for variant in wanted.variants:
            self._variant(CreateVariant(product.product_id, variant))

    def _base(self, sku: str, upc: str, gtin: str) -> None:
        base = ObservedVariant(self.id(), sku, upc, gtin)
        self.product = replace(
            self.seen(),
            sku=sku,
            upc=upc,
            gtin=gtin,
            variants=(base,),
            base_variant_id=base.variant_id,
        )

    def _variant(self, operation: UpdateVariant | CreateVariant | DeleteVariant) -> None:
        match operation:
            case UpdateVariant(_, id_, changes):
                found = next(v for v in self.seen().variants if v.variant_id == id_)
                fields = dict(changes)
                if "image" in fields:
                    address = str(fields.pop("image"))
                    fields["image_url"] = address
                    key = next(k for k, v in self.bound().variants.items() if v == id_)
                    pictures = {**self.bound().variant_images, key: address}
                    self.synced = replace(self.bound(), variant_images=pictures)
                changed = replace(found, **_plain(fields))
                self._set_variants(
                    [changed if v.variant_id == id_ else v for v in self.seen().variants]
                )
            case DeleteVariant(_, id_):
                assert id_ in {v.variant_id for v in self.seen().variants}
                self._set_variants([v for v in self.seen().variants if v.variant_id != id_])
                keys = {k: v for k, v in self.bound().variants.items() if v != id_}
                self.synced = replace(self.bound(), variants=keys)
            case CreateVariant(_, variant):
                self._create_variant(variant)

    def _create_variant(self, variant: CatalogVariant) -> None:
        options = self.seen().options or ()
        values, labels = [], []
        for name, label in variant.values:
            option = next(o for o in options if o.name == name)
            value = next(v for v in option.values if v.label == label)
            values.append((option.option_id, value.value_id))
            labels.append((name, label))
        assert {o.option_id for o in options} == {o for o, _ in values}, (
            "every option needs a value"
        )
        others = [v for v in self.seen().variants if v.values]
        assert sorted(values) not in [sorted(v.values) for v in others], (
            "the same option values set exists"
        )
        made = ObservedVariant(
            self.id(),
            variant.sku,
            variant.upc,
            variant.gtin,
            variant.price,
            tuple(values),
            tuple(labels),
            variant.image,
        )
        self._set_variants([*others, made])
        self.product = replace(self.seen(), base_variant_id=None)
        pictures = (
            {**self.bound().variant_images, variant.key: variant.image}
            if variant.image
            else self.bound().variant_images
        )
        keys = {**self.bound().variants, variant.key: made.variant_id}
        self.synced = replace(self.bound(), variants=keys, variant_images=pictures)

    def _set_variants(self, variants: Sequence[ObservedVariant]) -> None:
        skus = [v.sku.casefold() for v in variants if v.sku]
        assert len(skus) == len(set(skus)), f"sku is not unique: {skus}"
        self.product = replace(self.seen(), variants=tuple(variants))

    def _option(self, operation: CreateOption | RenameOption | DeleteOption) -> None:
        options = list(self.seen().options or ())
        match operation:
            case CreateOption(_, option, place):
                values = tuple(
                    ObservedValue(self.id(), label, i) for i, label in enumerate(option.labels)
                )
                made = ObservedOption(self.id(), option.name, values, place)
                options.append(made)
                ids = {(option.name, v.label): v.value_id for v in values}
                bound = self.bound()
                self.synced = replace(
                    bound,
                    options={**bound.options, option.name: made.option_id},
                    values={**bound.values, **ids},
                )
            case RenameOption(_, id_, name, place):
                options = [
                    replace(o, name=name, sort_order=place) if o.option_id == id_ else o
                    for o in options
                ]
            case DeleteOption(_, id_):
                options = [o for o in options if o.option_id != id_]
                bound = self.bound()
                self.synced = replace(
                    bound, options={n: i for n, i in bound.options.items() if i != id_}
                )
                # Variants that have the option go with it (bigcommerce facts 3.8).
                left = tuple(v for v in self.seen().variants if id_ not in dict(v.values))
                self.product = replace(self.seen(), variants=left)
        names = [o.name.casefold() for o in options]
        assert len(names) == len(set(names)), f"display name used twice: {names}"
        self.product = replace(self.seen(), options=tuple(options))
        self._relabel()
        if not options and not self.seen().variants:
            self._base(self.seen().sku, self.seen().upc, self.seen().gtin)

    def _value(self, operation: CreateValue | RenameValue | DeleteValue) -> None:
        options = list(self.seen().options or ())
        bound = self.bound()
        match operation:
            case CreateValue(_, name, label, place):
                value = ObservedValue(self.id(), label, place)
                options = [
                    replace(o, values=(*o.values, value)) if o.name == name else o for o in options
                ]
                self.synced = replace(bound, values={**bound.values, (name, label): value.value_id})
            case RenameValue(_, option_id, id_, label, place):
                options = [
                    replace(
                        o,
                        values=tuple(
                            replace(v, label=label, sort_order=place) if v.value_id == id_ else v
                            for v in o.values
                        ),
                    )
                    for o in options
                ]
                assert option_id in {o.option_id for o in options}
            case DeleteValue(_, option_id, id_):
                assert (option_id, id_) not in {
                    pair for v in self.seen().variants for pair in v.values
                }, "value is in use"
                options = [
                    replace(o, values=tuple(v for v in o.values if v.value_id != id_))
                    for o in options
                ]
                self.synced = replace(
                    bound, values={n: i for n, i in bound.values.items() if i != id_}
                )
        self.product = replace(self.seen(), options=tuple(options))
        self._relabel()

    def _relabel(self) -> None:
        """Labels follow their values; a variant loses its value of an option that is gone."""
        names = {
            o.option_id: (o.name, {v.value_id: v.label for v in o.values})
            for o in self.seen().options or ()
        }
        variants = []
        for variant in self.seen().variants:
            values = tuple(pair for pair in variant.values if pair[0] in names)
            labels = tuple((names[o][0], names[o][1][v]) for o, v in values)
            variants.append(replace(variant, values=values, labels=labels))
        self.product = replace(self.seen(), variants=tuple(variants))

    def _image(self, operation: AddImage | UpdateImage | DeleteImage) -> None:
        images = list(self.seen().images)
        bound = self.bound()
        match operation:
            case AddImage(_, image):
                made = ObservedImage(self.id(), image.is_thumbnail, image.sort_order)
                images = [*_without_thumbnail(images, image.is_thumbnail), made]
                self.synced = replace(bound, images={**bound.images, image.source: made.image_id})
            case UpdateImage(_, id_, image):
                images = _without_thumbnail(images, image.is_thumbnail)
                new = ObservedImage(id_, image.is_thumbnail, image.sort_order)
                images = [new if i.image_id == id_ else i for i in images]
            case DeleteImage(_, id_):
                images = [i for i in images if i.image_id != id_]
                self.synced = replace(
                    bound, images={s: i for s, i in bound.images.items() if i != id_}
                )
        self.product = replace(self.seen(), images=tuple(images))

    def _video(self, operation: AddVideo | MoveVideo | DeleteVideo) -> None:
        videos = list(self.seen().videos)
        bound = self.bound()
        match operation:
            case AddVideo(_, name, place):
                made = ObservedVideo(self.id(), name, place)
                videos.append(made)
                self.synced = replace(bound, videos={**bound.videos, name: made.id})
            case MoveVideo(_, id_, place):
                videos = [replace(v, sort_order=place) if v.id == id_ else v for v in videos]
            case DeleteVideo(_, id_):
                videos = [v for v in videos if v.id != id_]
                self.synced = replace(
                    bound, videos={n: i for n, i in bound.videos.items() if i != id_}
                )
        self.product = replace(self.seen(), videos=tuple(videos))


def option_place(wanted: CatalogProduct, name: str) -> int:
    return [option.name for option in wanted.options].index(name)


def _without_thumbnail(images: list[ObservedImage], needed: bool) -> list[ObservedImage]:
    return [replace(i, is_thumbnail=False) for i in images] if needed else images


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    known = {
        "name",
        "description",
        "weight",
        "sku",
        "upc",
        "gtin",
        "page_title",
        "meta_description",
        "url",
        "price",
        "image_url",
    }
    assert changes.keys() <= known, f"not a field of Zettle's: {changes.keys() - known}"
    return dict(changes)


def tracked(product: ObservedProduct) -> ObservedProduct:
    return replace(product, tracking=Tracking.VARIANT if product.options else Tracking.PRODUCT)
