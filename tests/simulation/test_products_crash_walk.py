"""Product work survives a crash at any point: nothing is doubled, orphaned or lost, and the end is the one without a crash."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from brygga.core.model import ObservedProduct
from brygga.store import intents, marks
from brygga.store.database import Database
from brygga.store.marks import Kind
from tests.conftest import MovableClock
from tests.rules.products_bench import PICTURE, Bench, definitions, kr, opened
from tests.simulation.crashing import Crash, CrashingTransport, CrashPoints, crashing, walk

LONG = f"{PICTURE}?v={'0123456789' * 30}"
MOVED = 60.0
"""Longer than a create may still be at work."""
Row = dict[str, Any]


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    bench = await opened(database, clock)
    bench.town.shop().set_settings(quota=10_000_000)
    await bench.finish_setup()
    return bench


@dataclass
class Walked:
    """What the runs of one story came to: the shop's products as they look at the end, and the writes it took."""

    bench: Bench
    looks: dict[int, list[Row]] = field(default_factory=dict)
    writes: dict[int, int] = field(default_factory=dict)
    moments: dict[int, str] = field(default_factory=dict)

    async def run(
        self, points: CrashPoints, uuids: list[str], token: str, *, marked: bool = True, force: bool = False
    ) -> None:
        """The work on these products with a crash, then whatever it takes. Marks are on disk before: a hint is answered only then."""
        bench, database, plain = self.bench, self.bench.database, self.bench.town.transport()
        for uuid in uuids if marked else ():
            await bench.mark(Kind.PRODUCT, uuid, force=force)
        before = bench.town.bigcommerce.requests.writes()
        await bench.restart(crashing(database, points), CrashingTransport(plain, points))
        try:
            await bench.wait(11)
        except Crash:
            await bench.restart(database, plain)
        for _ in range(4):
            await bench.wait(MOVED)
        await bench.restart(database, plain)
        self.writes[points.at] = bench.town.bigcommerce.requests.writes() - before
        shown = [bench.raw(one.product_id) for one in await whole_shop(bench) if token in one.name]
        self.moments[points.at] = points.story[-1]
        self.looks[points.at] = sorted((looks(row, token) for row in shown), key=str)
        try:
            await nothing_is_left_over(bench, uuids, shown)
            await a_save_changes_nothing(bench, uuids)
        except AssertionError as error:
            error.add_note(f"crashed at point {points.at}, {points.story[-1]}")
            raise

    def judge(self, spare: int = 1) -> None:
        """Every run ended like the last, which did not crash, with at most so many writes more."""
        last = max(self.looks)
        for at, rows in self.looks.items():
            assert self.looks[last] == rows, f"crashed at point {at}, {self.moments[at]}"
        most = self.writes[last] + spare
        assert {} == {(at, self.moments[at]): count for at, count in self.writes.items() if count > most}


async def whole_shop(bench: Bench) -> list[ObservedProduct]:
    found: list[ObservedProduct] = []
    page: int | None = 1
    while page is not None:
        rows = await bench.session.shop.products_page(page, include=())
        found += rows.items
        page = rows.next
    return found


def looks(row: Row, token: str) -> Row:
    """A product without what differs from run to run."""
    options = {
        option["display_name"]: [value["label"] for value in option["option_values"]] for option in row["options"]
    }
    variants = [
        (
            sorted((value["option_display_name"], value["label"]) for value in variant["option_values"]),
            "ours" if variant["sku"].startswith("ZETTLE-") else variant["sku"].replace(token, ""),
            variant["upc"],
            variant["price"],
            bool(variant["image_url"]),
        )
        for variant in row["variants"]
    ]
    images = sorted((image["sort_order"], image["is_thumbnail"]) for image in row["images"])
    plain = {name: row[name] for name in ("description", "price", "weight", "categories", "is_visible", "page_title")}
    return plain | {
        "name": re.sub(r" \([0-9a-z]{4}\)$", " (suffix)", row["name"].replace(token, "")),
        "options": options,
        "variants": sorted(variants, key=str),
        "images": images,
        "videos": [video["video_id"] for video in row["videos"]],
    }


async def nothing_is_left_over(bench: Bench, uuids: list[str], shown: list[Row]) -> None:
    """No intent, no mark; no product without its binding, no child that we do not know."""
    found = [binding for uuid in uuids if (binding := await bench.binding(uuid))]
    assert sorted(row["id"] for row in shown) == sorted(binding.synced.product_id for binding in found)
    for binding in found:
        row, ours = bench.raw(binding.synced.product_id), binding.synced
        assert {variant["id"] for variant in row["variants"]} == set(ours.variants.values())
        assert {option["id"] for option in row["options"]} == set(ours.options.values())
        labels = {value["id"] for option in row["options"] for value in option["option_values"]}
        assert labels == set(ours.values.values())
        assert {image["id"] for image in row["images"]} == set(ours.images.values())
        assert {video["id"] for video in row["videos"]} == set(ours.videos.values())
        assert (True, True) == (binding.tagged, binding.channel_assigned)
        assert ours.fingerprint
    async with bench.database.read() as tx:
        assert {} == await intents.all_open(tx, bench.connection.id)
        assert None is await marks.next_due(tx, bench.connection.id)


async def a_save_changes_nothing(bench: Bench, uuids: list[str]) -> None:
    before = bench.town.bigcommerce.requests.writes()
    for uuid in uuids:
        if await bench.binding(uuid):
            bench.save(uuid, externalReference="a save that changes no field of ours")
            await bench.sync(uuid)
    assert before == bench.town.bigcommerce.requests.writes()


# ---- Stories ---------------------------------------------------------------------------------------------------------


def variant(value: str, token: str, **more: Any) -> Row:
    options = [{"name": "Storlek", "value": value}]
    return {"name": value, "sku": f"{value}{token}", "price": kr(199), "options": options, **more}


def rich(*addresses: str, video: str = "z3fRu9pkuXE") -> Row:
    presentation = {"displayImageUrl": addresses[0], "additionalImageUrls": list(addresses[1:])}
    return {"status": "ACTIVE", "presentation": {**presentation, "mediaUrls": [f"https://youtu.be/{video}"]}}


def shirt(bench: Bench, token: str, **fields: Any) -> str:
    rows = [variant("S", token, presentation={"imageUrl": f"{LONG}&s"}), variant("M", token)]
    return bench.till_product(f"Tröja{token}", *rows, **definitions("Storlek", "S", "M"), **fields)


def variants_of(bench: Bench, uuid: str) -> list[Row]:
    return [dict(one) for one in bench.town.till().product(uuid)["variants"]]


async def test_a_create_survives_a_crash_at_every_point(bench: Bench) -> None:
    """With pictures that ride and one that is uploaded, a video, and a variant's own picture."""
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        uuid = shirt(bench, token, online=rich(PICTURE, LONG))
        await walked.run(points, [uuid], token)

    crashes = await walk(run)

    assert crashes > 20
    walked.judge()


async def test_an_update_with_a_new_variant_survives_a_crash_at_every_point(bench: Bench) -> None:
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        uuid = shirt(bench, token, online=rich(PICTURE))
        await bench.sync(uuid)
        late = bench.town.till().fresh(variant("L", token, presentation={"imageUrl": PICTURE}))
        changes = {
            "name": f"Jumper{token}",
            "description": "Stickad",
            "online": rich(LONG, PICTURE, video="-Lind_0aB-c"),
        }
        rows = [one | {"price": kr(99)} for one in variants_of(bench, uuid)]
        bench.save(uuid, variants=[*rows, late], **definitions("Storlek", "S", "M", "L"), **changes)
        await walked.run(points, [uuid], token)

    crashes = await walk(run)

    assert crashes > 20
    walked.judge()


async def test_a_change_of_shape_survives_a_crash_at_every_point(bench: Bench) -> None:
    """A simple product gets an option and variants."""
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        uuid = bench.till_product(f"Mugg{token}", {"sku": f"MUG{token}", "price": kr(99)})
        await bench.sync(uuid)
        rows = [variants_of(bench, uuid)[0] | variant("S", token), bench.town.till().fresh(variant("M", token))]
        bench.save(uuid, variants=rows, **definitions("Storlek", "S", "M"))
        await walked.run(points, [uuid], token)

    crashes = await walk(run)

    assert crashes > 10
    walked.judge()


async def test_the_way_back_to_a_simple_product_survives_a_crash_at_every_point(bench: Bench) -> None:
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        uuid = shirt(bench, token)
        await bench.sync(uuid)
        (first, _) = variants_of(bench, uuid)
        bench.save(uuid, variants=[first | {"options": None}], variantOptionDefinitions=None)
        await walked.run(points, [uuid], token)

    crashes = await walk(run)

    assert crashes > 8
    walked.judge()


@pytest.mark.rule("A3")
async def test_an_unassignment_survives_a_crash_at_every_point(bench: Bench) -> None:
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        uuid = shirt(bench, token)
        await bench.sync(uuid)
        await bench.unassign(uuid)
        await walked.run(points, [uuid], token, marked=False)

    crashes = await walk(run)

    assert crashes > 4
    assert {()} == {tuple(rows) for rows in walked.looks.values()}
    walked.judge()


@pytest.mark.rule("P10")
async def test_making_a_lost_product_again_survives_a_crash_at_every_point(bench: Bench) -> None:
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        uuid = shirt(bench, token)
        await bench.sync(uuid)
        bench.town.shop().delete_product(await bench.product_id(uuid))
        await walked.run(points, [uuid], token, force=True)

    crashes = await walk(run)

    assert crashes > 8
    walked.judge()


@pytest.mark.rule("P8")
async def test_a_first_sync_of_five_survives_a_crash_at_every_point(bench: Bench) -> None:
    """Four creates are in the air at a time; two of the five have one name."""
    walked = Walked(bench)

    async def run(points: CrashPoints) -> None:
        token = f" q{points.at}q"
        names = ("Fat", "Fat", "Skål", "Vas")
        uuids = [bench.till_product(f"{name}{token}", {"price": kr(9)}) for name in names]
        uuids.append(shirt(bench, token, presentation={"imageUrl": PICTURE}))
        await walked.run(points, uuids, token)

    crashes = await walk(run)

    assert crashes > 20
    walked.judge()
