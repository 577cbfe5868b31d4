"""Which product of the store is the one that we sent, and which of its parts are ours."""

from dataclasses import replace

from brygga.core import planning
from brygga.core.claims import values_held
from brygga.core.model import CatalogProduct, ObservedProduct, Synced
from brygga.core.operations import AddImage, AddVideo, UpdateVariant
from brygga.core.terms import Terms
from brygga.core.text import goes_by_address


def has_just_its_skus(sent: CatalogProduct, found: ObservedProduct) -> bool:
    """Every variant was sent with a SKU, and the product has exactly these SKUs.

    BigCommerce gives a SKU to one product only (bigcommerce facts 3.4).
    """
    skus = {variant.sku.casefold() for variant in sent.variants if variant.sku}
    held = {value for name, value in values_held(found) if name == "sku"}
    return len(skus) == len(sent.variants) == max(1, len(found.variants)) and skus == held


def is_a_picture(operation: object) -> bool:
    """Whether this adds or sets a picture or a video, which a create may have left out."""
    if isinstance(operation, UpdateVariant):
        return operation.changes.keys() == {"image"}
    return isinstance(operation, AddImage | AddVideo)


def children_of(sent: CatalogProduct, found: ObservedProduct) -> Synced:
    """The binding of a product that we created, before it is committed. Pictures are matched by
    their order, the only thing that stays the same.
    """
    bound = Synced(sent.key, found.product_id)
    recognised = planning.plan(sent, bound, found, Terms("", False, None), force=True).children
    assert recognised is not None
    images = sorted(found.images, key=lambda image: (image.sort_order, image.image_id))
    sources = [image.source for image in sent.images if goes_by_address(image.source)]
    if len(images) == len(sources):
        recognised = replace(
            recognised, images={s: i.image_id for s, i in zip(sources, images, strict=True)}
        )
    pictured = {v.variant_id for v in found.variants if v.image_url}
    shown = {
        v.key: v.image
        for v in sent.variants
        if v.image and recognised.variants.get(v.key) in pictured
    }
    videos = {video.video_id: video.id for video in found.videos}
    return replace(recognised, variant_images=shown, videos=videos)
