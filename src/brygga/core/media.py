"""Images and videos: which of those in the store are ours, and what must be added, moved or
deleted. The merchant's own stay.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from brygga.core.model import CatalogProduct, ObservedProduct, Synced
from brygga.core.operations import (
    AddImage,
    AddVideo,
    DeleteImage,
    DeleteVideo,
    MoveVideo,
    Operation,
    UpdateImage,
)
from brygga.core.text import is_named_after


def pictures(
    wanted: CatalogProduct, bound: Synced, seen: ObservedProduct
) -> tuple[tuple[Operation, ...], Synced]:
    """The operations on our images and videos: add the missing, move the moved, delete those that
    Zettle no longer has. The merchant's own stay.
    """
    there = {image.image_id: image for image in seen.images}
    images = _our_images(bound, seen)
    product_id = seen.product_id
    sources = {image.source for image in wanted.images}
    operations: list[Operation] = [
        AddImage(product_id, image) for image in wanted.images if image.source not in images
    ]
    kept = [
        (image, there[images[image.source]]) for image in wanted.images if image.source in images
    ]
    ordered = _ascending(
        [
            there[images[i.source]].sort_order if i.source in images else i.sort_order
            for i in wanted.images
        ]
    )
    for image, found in kept:
        if image.is_thumbnail > found.is_thumbnail or not (
            ordered or image.sort_order == found.sort_order
        ):
            operations.append(UpdateImage(product_id, found.image_id, image))
    operations += [
        DeleteImage(product_id, id_) for source, id_ in images.items() if source not in sources
    ]
    moves, videos = _videos(wanted, bound, seen)
    return (*operations, *moves), replace(bound, images=images, videos=videos)


def _our_images(bound: Synced, seen: ObservedProduct) -> dict[str, int]:
    """Our pictures that exist in the store. An unanswered upload is recognised too: its picture is
    newer than the upload and has the file name of its address.

    A picture that the merchant added meanwhile is not taken as ours: its file has another name.
    """
    ids = {image.image_id for image in seen.images}
    images = {source: id_ for source, id_ in bound.images.items() if id_ in ids}
    for source, before in bound.images.items():
        if before <= 0:
            news = [
                i for i in seen.images if i.image_id > -before and i.image_id not in images.values()
            ]
            named = [i for i in news if i.file and is_named_after(i.file, source)]
            nameless = [i for i in news if not i.file] if len(news) == 1 else []
            for image in [*named, *nameless][:1]:
                images[source] = image.image_id
    return images


def _videos(
    wanted: CatalogProduct, bound: Synced, seen: ObservedProduct
) -> tuple[list[Operation], dict[str, int]]:
    there = {video.id: video for video in seen.videos}
    shown = {video.video_id: video.id for video in reversed(seen.videos)}
    # A video whose adding got no answer, and that was not in the store before, is ours if it is
    # there now.
    bound_ids = {name: id_ or shown.get(name, 0) for name, id_ in bound.videos.items()}
    videos = {name: id_ for name, id_ in bound_ids.items() if id_ in there}
    kept = [
        (place, there[videos[name]]) for place, name in enumerate(wanted.videos) if name in videos
    ]
    ordered = _ascending(
        [
            there[videos[name]].sort_order if name in videos else place
            for place, name in enumerate(wanted.videos)
        ]
    )
    operations: list[Operation] = [
        AddVideo(seen.product_id, name, place)
        for place, name in enumerate(wanted.videos)
        if name not in videos and name not in shown
    ]
    operations += [
        MoveVideo(seen.product_id, found.id, place)
        for place, found in kept
        if not ordered and found.sort_order != place
    ]
    operations += [
        DeleteVideo(seen.product_id, id_)
        for name, id_ in videos.items()
        if name not in wanted.videos
    ]
    return operations, videos


def _ascending(numbers: Sequence[int]) -> bool:
    """True when each place is higher than the one before it."""
    return all(one < next_ for one, next_ in pairwise(numbers))
