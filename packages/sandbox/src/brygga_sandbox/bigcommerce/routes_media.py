"""Images, videos, metafields and custom fields over HTTP (bigcommerce facts 3.10 to 3.12)."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

from brygga_sandbox.http import Request, Response
from brygga_sandbox.numerals import signed

from . import listing, media, metafields, variants
from .door import Call, Route, answer, nothing
from .product_rows import custom_fields_of, object_of
from .refusal import Json, Refusal, invalid, missing, not_found
from .routes_catalog import SCOPE, many, one, product
from .state import Picture


def upload(call: Call) -> tuple[Json, bytes | None, str]:
    """The fields of a body, the uploaded file if there is one, and its name. The body is JSON or
    multipart, never both.
    """
    if not call.request.headers.get("content-type", "").startswith("multipart/form-data"):
        return object_of(call.body()), None, ""
    fields, content, name = file_of(call.request)
    if content is None:
        title = "image_url must be present if uploading by url"
        raise Refusal(422, title, {"image_url": title})
    call.check(fields)
    return fields, content, name


def file_of(request: Request) -> tuple[Json, bytes | None, str]:
    """The fields of a multipart form, with the file and its name if there is one."""
    kind = request.headers.get("content-type", "")
    parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    fields: Json = {}
    content, name = None, ""
    for part in parts.get_payload() if parts.is_multipart() else []:
        assert not isinstance(part, str)
        key = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if key == "image_file":
            content, name = data, part.get_filename() or "image"
        elif isinstance(key, str):
            fields[key] = typed(key, data.decode())
    return fields, content, name


def typed(key: str, text: str) -> Any:
    """A form field in the type that JSON has for it."""
    if key == "is_thumbnail":
        return listing.truth(text, key)
    if key == "sort_order":
        number = signed(text)
        return text if number is None else number
    return text


async def picture(
    call: Call, fields: Json, content: bytes | None, name: str
) -> tuple[tuple[str, str], str]:
    """The picture of a body. It is uploaded, or the platform fetches it during the call."""
    if content is not None:
        return call.camera.keep(content), name
    if not fields.get("image_url"):
        title = "image_url must be present if uploading by url"
        raise Refusal(422, title, {"image_url": title})
    return await call.camera.load(fields["image_url"]), fields["image_url"]


def image(call: Call) -> Picture:
    """The image that the path names."""
    return media.image_of(product(call), call.param("image_id"))


def shown(call: Call, found: Picture) -> Json:
    """An image as an answer shows it."""
    return media.image_json(call.store, found, call.view().cdn)


async def list_images(call: Call) -> Response:
    rows = product(call).images
    if not rows and call.store.switches.empty_image_list == "204":
        return nothing()
    return many(call, rows, lambda row: shown(call, row))


async def get_image(call: Call) -> Response:
    return one(shown(call, image(call)))


async def create_image(call: Call) -> Response:
    fields, content, name = upload(call)
    values = media.image_fields(fields)
    owner = product(call)
    loaded, source = await picture(call, fields, content, name)
    first = not owner.images
    made = media.add_image(call.store, product(call), loaded, source, values)
    call.store.touched(owner)
    if first:
        # Only the first thumbnail is among the fields that fire (bigcommerce facts 6.3).
        call.store.emit("store/product/updated", {"type": "product", "id": owner.id})
    return one(shown(call, made))


async def update_image(call: Call) -> Response:
    fields, content, name = upload(call)
    values = media.image_fields(fields)
    found = image(call)
    loaded = None
    if content is not None or fields.get("image_url"):
        loaded, _ = await picture(call, fields, content, name)
    media.change_image(call.store, product(call), found, values, loaded)
    call.store.touched(product(call))
    return one(shown(call, found))


async def delete_image(call: Call) -> Response:
    media.remove_image(call.store, product(call), image(call))
    return nothing()


async def set_variant_image(call: Call) -> Response:
    """Up to 8 MB by address, up to 1 MB by upload. A larger picture is a 500 (bigcommerce facts
    3.7).
    """
    fields, content, name = upload(call)
    if content is not None and len(content) > media.MAX_UPLOAD_TO_VARIANT:
        raise Refusal(500, "Internal Server Error")
    loaded, source = await picture(call, fields, content, name)
    found = variants.variant_of(product(call), call.param("variant_id"))
    variants.hang(call.store, found, loaded, source)
    if found.sku_id is not None and found.get("sku"):
        call.store.emit("store/sku/updated", variants.sku_data(found))
    call.store.touched(product(call))
    view = call.view()
    return one({"image_url": variant_image(call, view.cdn)})


def variant_image(call: Call, cdn: str) -> str:
    """The address of the image of the path's variant."""
    found = variants.variant_of(product(call), call.param("variant_id"))
    assert found.picture is not None
    digest, file = found.picture
    return f"{cdn}/s-{call.store.hash}/product_images/attribute_rule_images/{digest[:8]}_{file}"


async def list_videos(call: Call) -> Response:
    return many(call, product(call).videos, media.video_json)


async def get_video(call: Call) -> Response:
    return one(media.video_json(media.video_of(product(call), call.param("video_id"))))


async def create_video(call: Call) -> Response:
    owner = product(call)
    made = media.add_video(call.store, owner, media.read_video(call.store, call.body()))
    call.store.touched(owner)
    return one(media.video_json(made))


async def update_video(call: Call) -> Response:
    found = media.video_of(product(call), call.param("video_id"))
    for name, value in media.read_video(call.store, call.body(), partial=True).items():
        setattr(found, name, value)
    call.store.touched(product(call))
    return one(media.video_json(found))


async def delete_video(call: Call) -> Response:
    owner = product(call)
    owner.videos.remove(media.video_of(owner, call.param("video_id")))
    call.store.touched(owner)
    return nothing()


# -- custom fields
# ----------------------------------------------------------------------------------------------


def custom_field(call: Call) -> Json:
    """The custom field that the path names."""
    found = next(
        (row for row in product(call).custom_fields if str(row["id"]) == call.param("field_id")),
        None,
    )
    if found is None:
        raise not_found("custom field", call.param("field_id"))
    return found


async def list_custom_fields(call: Call) -> Response:
    return many(call, product(call).custom_fields, lambda row: row)


async def get_custom_field(call: Call) -> Response:
    return one(custom_field(call))


async def create_custom_field(call: Call) -> Response:
    body = object_of(call.body())
    absent = {name: f"Please provide a {name}." for name in ("name", "value") if not body.get(name)}
    if absent:
        raise missing(absent)
    rows = product(call).custom_fields
    custom_fields_of({"custom_fields": [*rows, body]})
    if any((row["name"], row["value"]) == (body["name"], body["value"]) for row in rows):
        # Repeating the same pair is refused (bigcommerce facts 10).
        raise Refusal(
            422, "The custom field is a duplicate", {"name": "this name and value exist already"}
        )
    made = {"id": call.store.ids.next("custom_field"), "name": body["name"], "value": body["value"]}
    rows.append(made)
    call.store.touched(product(call))
    return one(made)


async def update_custom_field(call: Call) -> Response:
    found = custom_field(call)
    body = {**found, **object_of(call.body())}
    custom_fields_of({"custom_fields": [body]})
    found.update(name=body["name"], value=body["value"])
    call.store.touched(product(call))
    return one(found)


async def delete_custom_field(call: Call) -> Response:
    product(call).custom_fields.remove(custom_field(call))
    call.store.touched(product(call))
    return nothing()


# -- metafields
# -------------------------------------------------------------------------------------------------


def resource(call: Call) -> tuple[str, int]:
    """The resource whose metafields the path names."""
    owner = product(call)
    if "variant_id" in call.request.params:
        return "variant", variants.variant_of(owner, call.param("variant_id")).id
    return "product", owner.id


def filtered(call: Call, rows: list[Any]) -> list[Any]:
    """Metafields by namespace, key and resource."""
    for name, field in (("namespace", "namespace"), ("key", "key")):
        wanted = call.request.value(f"{name}:in") or call.request.value(name)
        if wanted is not None:
            several = set(listing.words(wanted))
            rows = [row for row in rows if getattr(row, field) in several]
    owners = listing.ids_in(call.request, "resource_id:in")
    if (
        call.store.switches.store_wide_resource_filter == "ignored"
        and "product_id" not in call.request.params
    ):
        # the documents list this filter only for the list of one product (bigcommerce facts 3.12)
        owners = None
    rows = rows if owners is None else [row for row in rows if row.resource_id in owners]
    return listing.by_dates(call.store, call.request, rows)


async def list_metafields(call: Call) -> Response:
    kind, owner = resource(call)
    rows = filtered(call, metafields.visible(call.store, kind, call.client, owner))
    return many(call, rows, metafields.metafield_json)


async def create_metafield(call: Call) -> Response:
    kind, owner = resource(call)
    return one(
        metafields.metafield_json(
            metafields.create(call.store, kind, owner, call.client, call.body())
        )
    )


def metafield(call: Call) -> Any:
    """The metafield that the path names."""
    kind, owner = resource(call)
    return metafields.own(call.store, kind, call.client, call.param("metafield_id"), owner)


async def get_metafield(call: Call) -> Response:
    return one(metafields.metafield_json(metafield(call)))


async def update_metafield(call: Call) -> Response:
    found = metafield(call)
    metafields.update(call.store, found, call.body())
    return one(metafields.metafield_json(found))


async def delete_metafield(call: Call) -> Response:
    metafields.delete(call.store, metafield(call))
    return nothing()


def kind_of(call: Call) -> str:
    """Whether a store-wide path names products or variants."""
    return "variant" if "/catalog/variants/" in call.request.template else "product"


async def all_metafields(call: Call) -> Response:
    rows = filtered(call, metafields.visible(call.store, kind_of(call), call.client))
    return many(call, rows, metafields.metafield_json)


async def create_metafields(call: Call) -> Response:
    kind = kind_of(call)
    owners = call.store.products if kind == "product" else call.store.variants

    def work(row: Any) -> Json:
        owner = row.get("resource_id") if isinstance(row, dict) else None
        if not isinstance(owner, int) or owner not in owners:
            raise invalid({"resource_id": f"{kind} {owner} does not exist"})
        made = metafields.create(call.store, kind, owner, call.client, row, "resource_id")
        return metafields.metafield_json(made)

    return answer(metafields.batch(call.store.switches.most_metafields, call.body(), work))


async def update_metafields(call: Call) -> Response:
    def work(row: Any) -> Json:
        found = metafields.own(
            call.store, kind_of(call), call.client, row.get("id") if isinstance(row, dict) else None
        )
        metafields.update(call.store, found, row, "id")
        return metafields.metafield_json(found)

    return answer(metafields.batch(call.store.switches.most_metafields, call.body(), work))


async def delete_metafields(call: Call) -> Response:
    def work(row: Any) -> int:
        found = metafields.own(call.store, kind_of(call), call.client, row)
        metafields.delete(call.store, found)
        return found.id

    return answer(metafields.batch(call.store.switches.most_metafields, call.body(), work))


_P = "/v3/catalog/products/{product_id}"
_V = _P + "/variants/{variant_id}"
ROUTES: list[Route] = [
    ("GET", _P + "/images", SCOPE, list_images),
    ("POST", _P + "/images", SCOPE, create_image),
    ("GET", _P + "/images/{image_id}", SCOPE, get_image),
    ("PUT", _P + "/images/{image_id}", SCOPE, update_image),
    ("DELETE", _P + "/images/{image_id}", SCOPE, delete_image),
    ("POST", _V + "/image", SCOPE, set_variant_image),
    ("GET", _P + "/videos", SCOPE, list_videos),
    ("POST", _P + "/videos", SCOPE, create_video),
    ("GET", _P + "/videos/{video_id}", SCOPE, get_video),
    ("PUT", _P + "/videos/{video_id}", SCOPE, update_video),
    ("DELETE", _P + "/videos/{video_id}", SCOPE, delete_video),
    ("GET", _P + "/custom-fields", SCOPE, list_custom_fields),
    ("POST", _P + "/custom-fields", SCOPE, create_custom_field),
    ("GET", _P + "/custom-fields/{field_id}", SCOPE, get_custom_field),
    ("PUT", _P + "/custom-fields/{field_id}", SCOPE, update_custom_field),
    ("DELETE", _P + "/custom-fields/{field_id}", SCOPE, delete_custom_field),
    *(
        route
        for base in (_P, _V)
        for route in (
            ("GET", base + "/metafields", SCOPE, list_metafields),
            ("POST", base + "/metafields", SCOPE, create_metafield),
            ("GET", base + "/metafields/{metafield_id}", SCOPE, get_metafield),
            ("PUT", base + "/metafields/{metafield_id}", SCOPE, update_metafield),
            ("DELETE", base + "/metafields/{metafield_id}", SCOPE, delete_metafield),
        )
    ),
    *(
        route
        for base in ("/v3/catalog/products/metafields", "/v3/catalog/variants/metafields")
        for route in (
            ("GET", base, SCOPE, all_metafields),
            ("POST", base, SCOPE, create_metafields),
            ("PUT", base, SCOPE, update_metafields),
            ("DELETE", base, SCOPE, delete_metafields),
        )
    ),
]
