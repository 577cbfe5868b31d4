"""Images, videos, metafields, and the links of a product to channels and categories (bigcommerce
facts 3.10 to 3.13, 4).
"""

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_bench import PNG, Bench

P = "/v3/catalog/products"
URL = "https://x.test/scarf.png"


async def test_an_image_is_fetched_renamed_and_never_recognised_again() -> None:
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/images"

    first = (await bench.good("POST", path, {"image_url": URL}))["data"]
    second = (await bench.good("POST", path, {"image_url": URL, "is_thumbnail": True}))["data"]

    assert first["is_thumbnail"] is True
    assert first["image_file"] != second["image_file"], "the same address twice makes two images"
    assert "image_url" not in first
    rows = (await bench.good("GET", path))["data"]
    assert [row["is_thumbnail"] for row in rows] == [False, True]
    answer = await bench.client.get(second["url_standard"])
    assert (answer.status_code, answer.content) == (200, PNG)


async def test_after_the_thumbnail_the_lowest_in_order_takes_over() -> None:
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/images"
    made = [
        (await bench.good("POST", path, {"image_url": URL, "sort_order": order}))["data"]["id"]
        for order in (0, 7, 3)
    ]

    assert (await bench.call("DELETE", f"{path}/{made[0]}")).status_code == 204

    rows = (await bench.good("GET", path))["data"]
    assert {row["id"]: row["is_thumbnail"] for row in rows} == {made[1]: False, made[2]: True}


async def test_what_cannot_be_fetched_shown_or_carried_is_refused() -> None:
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/images"
    bench.pictures.update(
        {
            "https://x.test/gone": None,
            "https://x.test/page": b"<html>",
            "https://x.test/big": PNG + bytes(8 * 1024 * 1024),
        }
    )

    assert (await bench.refused("POST", path, {"image_url": "https://x.test/gone"}, 400))[
        "status"
    ] == 400
    await bench.refused("POST", path, {"image_url": "https://x.test/page"}, 400)
    assert (await bench.refused("POST", path, {"image_url": "https://x.test/big"}, 422))[
        "code"
    ] == 10001
    await bench.refused("POST", path, {"image_url": "https://x.test/" + "a" * 250}, 422)
    assert (await bench.refused("POST", path, {"image_url": "ftp://x"}, 422))["errors"][
        "image_url"
    ] == "url must be an actual URL or an empty string"
    await bench.refused("POST", path, {"description": "no picture"}, 422)


async def test_bytes_can_be_uploaded_and_a_variant_takes_one_megabyte() -> None:
    bench = Bench()
    made = await bench.scarf()
    path = f"{P}/{made['id']}/variants/{made['variants'][0]['id']}/image"

    uploaded = await bench.call(
        "POST",
        f"{P}/{made['id']}/images",
        files={"image_file": ("a.png", PNG)},
        data={"sort_order": "4"},
    )
    small = await bench.call("POST", path, files={"image_file": ("a.png", PNG)})
    large = await bench.call(
        "POST", path, files={"image_file": ("a.png", PNG + bytes(1024 * 1024))}
    )

    assert uploaded.json()["data"]["sort_order"] == 4
    assert (await bench.client.get(small.json()["data"]["image_url"])).content == PNG
    assert large.status_code == 500
    now = await bench.read(made["id"])
    assert now["variants"][0]["image_url"] == small.json()["data"]["image_url"]
    assert len(now["images"]) == 1, "variant images are not product images"


async def test_only_youtube_ids_are_videos() -> None:
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/videos"

    made = (await bench.good("POST", path, {"video_id": "z3fRu9pkuXE", "type": "youtube"}))["data"]

    assert made["title"]
    assert made["length"]
    await bench.refused("POST", path, {"video_id": "https://vimeo.com/1"}, 422)
    await bench.refused("POST", path, {}, 422)
    assert (await bench.call("DELETE", f"{path}/{made['id']}")).status_code == 204


async def test_metafields_are_unique_per_app_and_die_with_the_product() -> None:
    bench = Bench()
    made = await bench.product()
    row = {
        "permission_set": "app_only",
        "namespace": "zettle",
        "key": "uuid",
        "value": "6f",
        "resource_id": made["id"],
    }

    done = await bench.good("POST", f"{P}/metafields", [row])
    assert done["meta"] == {"total": 1, "success": 1, "failed": 0}
    assert done["data"][0]["owner_client_id"] == "cid"
    partly = await bench.refused("POST", f"{P}/metafields", [row, {**row, "key": "etag"}], 422)
    assert (partly["meta"]["success"], partly["errors"][0]["status"]) == (1, 409)
    listed = await bench.good("GET", f"{P}/metafields?namespace=zettle&key=etag")
    assert [one["resource_id"] for one in listed["data"]] == [made["id"]]

    await bench.call("DELETE", f"{P}/{made['id']}")
    assert (await bench.good("GET", f"{P}/metafields"))["data"] == []


async def test_an_apps_own_metafields_are_hidden_from_others() -> None:
    bench = Bench()
    made = await bench.product()
    row = {"permission_set": "app_only", "namespace": "zettle", "key": "uuid", "value": "6f"}
    field = (await bench.good("POST", f"{P}/{made['id']}/metafields", row))["data"]
    other = bench.sandbox.register_app(
        "Other", auth_url="https://o.test/a", load_url="https://o.test/l"
    )
    headers = {"X-Auth-Token": bench.sandbox.issue_token("abc123", other.client_id)}

    rows = await bench.call("GET", f"{P}/{made['id']}/metafields", headers=headers)
    gone = await bench.call("DELETE", f"{P}/{made['id']}/metafields/{field['id']}", headers=headers)

    assert (rows.json()["data"], gone.status_code) == ([], 404)


async def test_channels_are_assigned_by_pair_and_filter() -> None:
    bench = Bench(multi_storefront=True)
    made = await bench.product()
    path = f"{P}/channel-assignments"
    pair = {"product_id": made["id"], "channel_id": 1}
    assert (await bench.good("GET", path))["data"] == []
    await bench.listen("store/channel/1/product/assigned", "store/channel/*/product/unassigned")

    assert (await bench.call("PUT", path, [pair])).status_code == 204
    assert (await bench.good("GET", path))["data"] == [pair]
    await bench.refused("PUT", path, [{"product_id": 9, "channel_id": 1}], 422)
    await bench.refused("DELETE", path, None, 422)
    assert (
        await bench.call("DELETE", f"{path}?product_id:in={made['id']}&channel_id:in=1")
    ).status_code == 204

    assert await bench.received() == [
        ("store/channel/1/product/assigned", {"product_id": made["id"]}),
        ("store/channel/1/product/unassigned", {"product_id": made["id"]}),
    ]


async def test_with_one_storefront_a_new_product_is_in_its_channel() -> None:
    made = await Bench().product()

    assert made["id"] is not None
    bench = Bench()
    one = await bench.product()
    assert (await bench.read(one["id"], "channels"))["channels"] == [1]


async def test_what_put_does_with_images_is_a_switch() -> None:
    counts = {}
    for word in ("append", "replace", "ignore"):
        bench = Bench(Switches(images_on_put=word))
        made = await bench.product(images=[{"image_url": URL}])
        await bench.good("PUT", f"{P}/{made['id']}", {"images": [{"image_url": URL}]})
        counts[word] = [
            one["id"] == made["images"][0]["id"] for one in (await bench.read(made["id"]))["images"]
        ]

    assert counts == {"append": [True, False], "replace": [False], "ignore": [True]}
