"""Stories of product work that are played many times, each time with one fault, and what must be
true at their end.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2

from brygga.core.model import ObservedProduct
from brygga.database import intents, turns
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from tests.rules.products_bench import PICTURE, Bench, definitions, kr
from tests.simulation.crashing import Crash

LONG = f"{PICTURE}?v={'0123456789' * 30}"
MOVED = 60.0
"""Longer than a create may still be at work."""
Row = dict[str, Any]


class Trouble(Protocol):
    """One thing that goes wrong at one moment of a story; `struck` says whether the story had such
    a moment.
    """

    @property
    def at(self) -> int: ...

    @property
    def struck(self) -> bool: ...

    @property
    def moment(self) -> str: ...

    def wire(self, inner: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport: ...

    def disk(self, database: Database) -> Database: ...


@dataclass(frozen=True)
class ReportedChange:
    """What a story leaves to be done: these products' work items. Not `marked`: they are on disk
    already.
    """

    uuids: tuple[str, ...]
    marked: bool = True
    force: bool = False


class Story(Protocol):
    __name__: str

    async def __call__(self, bench: Bench, token: str) -> ReportedChange: ...


@dataclass
class Walked:
    """What the runs of one story came to: the shop's products as they look at the end, and the
    writes it took.
    """

    bench: Bench
    story: Story
    reads: dict[int, list[Row]] = field(default_factory=dict)
    writes: dict[int, int] = field(default_factory=dict)
    repeated: dict[int, list[str]] = field(default_factory=dict)
    """Writes that reached the shop a second time, word for word."""
    moments: dict[int, str] = field(default_factory=dict)

    async def walk(self, trouble: Callable[[int], Trouble], most: int = 400) -> int:
        """Trouble at moment 1, 2, 3, … until a run ends without any; answers how many moments there
        were.
        """
        for at in range(1, most + 1):
            one = trouble(at)
            await self.run(one)
            if not one.struck:
                return at - 1
        raise AssertionError(f"the story has more than {most} moments: it never ends")

    async def run(self, trouble: Trouble) -> None:
        """The story with its trouble, then whatever it takes. Marks are on disk before: a hint is
        answered only then.
        """
        bench, database, plain = self.bench, self.bench.database, self.bench.sandbox.transport()
        token = f" q{trouble.at}q"
        reported = await self.story(bench, token)
        for uuid in reported.uuids if reported.marked else ():
            await bench.add_item(Kind.PRODUCT, uuid, force=reported.force)
        bench.sandbox.bigcommerce.requests.reset()
        await bench.restart(trouble.disk(database), trouble.wire(plain))
        try:
            await bench.wait(11)
        except Crash:
            await bench.restart(database, plain)
        for _ in range(4):
            await bench.wait(MOVED)
        await bench.restart(database, plain)
        sent = [one for one in bench.sandbox.bigcommerce.requests.last if one.method != "GET"]
        different = {(one.method, one.path, one.query, one.body) for one in sent}
        self.writes[trouble.at] = len(sent)
        self.repeated[trouble.at] = (
            [f"{one.method} {one.path}" for one in sent] if len(sent) > len(different) else []
        )
        assert len(sent) - len(different) <= 1, (trouble.moment, self.repeated[trouble.at])
        shown = [bench.raw(one.product_id) for one in await whole_shop(bench) if token in one.name]
        self.moments[trouble.at] = trouble.moment
        self.reads[trouble.at] = sorted((reads(row, token) for row in shown), key=str)
        try:
            await nothing_is_left_over(bench, list(reported.uuids), shown)
            await a_save_changes_nothing(bench, list(reported.uuids))
        except AssertionError as error:
            error.add_note(f"moment {trouble.at}, {trouble.moment}")
            raise
        # What the next run could meet is gone: a walk of many runs costs no more at its end than at
        # its beginning.
        for row in shown:
            bench.sandbox.shop().delete_product(row["id"])

    def judge(self, spare: int = 1) -> None:
        """Every run ended like the last, in which all went well, with at most so many writes more,
        of which one was a repeat.

        The others are batches of a product that fell behind and is tagged and put in its channel by
        itself.
        """
        last = max(self.reads)
        wrong = {
            (at, self.moments[at]): rows
            for at, rows in self.reads.items()
            if rows != self.reads[last]
        }
        assert {} == wrong
        most = self.writes[last] + spare
        assert {} == {
            (at, self.moments[at]): count for at, count in self.writes.items() if count > most
        }

    def __str__(self) -> str:
        more = max(self.writes.values()) - self.writes[max(self.writes)]
        repeated = sum(bool(one) for one in self.repeated.values())
        return (
            f"{self.story.__name__}: {len(self.reads) - 1} moments, 0 wrong ends; at most {more} "
            "writes more than without trouble; "
            f"one write repeated in {repeated} runs, never two"
        )


async def whole_shop(bench: Bench) -> list[ObservedProduct]:
    found: list[ObservedProduct] = []
    page: int | None = 1
    while page is not None:
        rows = await bench.session.shop.products_page(page, include=())
        found += rows.items
        page = rows.next
    return found


def reads(row: Row, token: str) -> Row:
    """A product without what differs from run to run."""
    options = {
        option["display_name"]: [value["label"] for value in option["option_values"]]
        for option in row["options"]
    }
    variants = [
        (
            sorted(
                (value["option_display_name"], value["label"]) for value in variant["option_values"]
            ),
            "ours" if variant["sku"].startswith("ZETTLE-") else variant["sku"].replace(token, ""),
            variant["upc"],
            variant["price"],
            bool(variant["image_url"]),
        )
        for variant in row["variants"]
    ]
    images = sorted((image["sort_order"], image["is_thumbnail"]) for image in row["images"])
    plain = {
        name: row[name]
        for name in ("description", "price", "weight", "categories", "is_visible", "page_title")
    }
    return plain | {
        "name": re.sub(r" \([0-9a-z]{4}\)$", " (suffix)", row["name"].replace(token, "")),
        "options": options,
        "variants": sorted(variants, key=str),
        "images": images,
        "videos": [video["video_id"] for video in row["videos"]],
    }


async def nothing_is_left_over(bench: Bench, uuids: list[str], shown: list[Row]) -> None:
    """No intent, no work item; no product without its binding, no child that we do not know."""
    found = [binding for uuid in uuids if (binding := await bench.binding(uuid))]
    assert sorted(row["id"] for row in shown) == sorted(
        binding.synced.product_id for binding in found
    )
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
        assert {} == await intents.open_for(tx, bench.connection.id, uuids)
        assert None is await turns.next_due(tx, bench.connection.id)


async def a_save_changes_nothing(bench: Bench, uuids: list[str]) -> None:
    before = bench.sandbox.bigcommerce.requests.writes()
    for uuid in uuids:
        if await bench.binding(uuid):
            bench.save(uuid, externalReference="a save that changes no field of ours")
            await bench.sync(uuid)
    assert before == bench.sandbox.bigcommerce.requests.writes()


# ---- Goods ---------------------------------------------------------------------------------------


def variant(value: str, token: str, **more: Any) -> Row:
    options = [{"name": "Storlek", "value": value}]
    return {"name": value, "sku": f"{value}{token}", "price": kr(199), "options": options, **more}


def rich(*addresses: str, video: str = "z3fRu9pkuXE") -> Row:
    presentation = {"displayImageUrl": addresses[0], "additionalImageUrls": list(addresses[1:])}
    return {
        "status": "ACTIVE",
        "presentation": {**presentation, "mediaUrls": [f"https://youtu.be/{video}"]},
    }


def shirt(bench: Bench, token: str, **fields: Any) -> str:
    rows = [variant("S", token, presentation={"imageUrl": f"{LONG}&s"}), variant("M", token)]
    return bench.till_product(f"Tröja{token}", *rows, **definitions("Storlek", "S", "M"), **fields)


def variants_of(bench: Bench, uuid: str) -> list[Row]:
    return [dict(one) for one in bench.sandbox.till().product(uuid)["variants"]]


# ---- Stories -------------------------------------------------------------------------------------


async def created(bench: Bench, token: str) -> ReportedChange:
    """With pictures that ride and one that is uploaded, a video, and a variant's own picture."""
    return ReportedChange((shirt(bench, token, online=rich(PICTURE, LONG)),))


async def grown(bench: Bench, token: str) -> ReportedChange:
    """An update of every kind of field, with a new variant that has a picture."""
    uuid = shirt(bench, token, online=rich(PICTURE))
    await bench.sync(uuid)
    late = bench.sandbox.till().fresh(variant("L", token, presentation={"imageUrl": PICTURE}))
    changes = {
        "name": f"Jumper{token}",
        "description": "Stickad",
        "online": rich(LONG, PICTURE, video="-Lind_0aB-c"),
    }
    rows = [one | {"price": kr(99)} for one in variants_of(bench, uuid)]
    bench.save(uuid, variants=[*rows, late], **definitions("Storlek", "S", "M", "L"), **changes)
    return ReportedChange((uuid,))


async def sized(bench: Bench, token: str) -> ReportedChange:
    """A simple product gets an option and variants."""
    uuid = bench.till_product(f"Mugg{token}", {"sku": f"MUG{token}", "price": kr(99)})
    await bench.sync(uuid)
    rows = [
        variants_of(bench, uuid)[0] | variant("S", token),
        bench.sandbox.till().fresh(variant("M", token)),
    ]
    bench.save(uuid, variants=rows, **definitions("Storlek", "S", "M"))
    return ReportedChange((uuid,))


async def simplified(bench: Bench, token: str) -> ReportedChange:
    uuid = shirt(bench, token)
    await bench.sync(uuid)
    (first, _) = variants_of(bench, uuid)
    bench.save(uuid, variants=[first | {"options": None}], variantOptionDefinitions=None)
    return ReportedChange((uuid,))


async def coloured(bench: Bench, token: str) -> ReportedChange:
    """An option more: its variants have to be recreated."""
    uuid = shirt(bench, token)
    await bench.sync(uuid)
    both = [
        {"name": "Storlek", "properties": [{"value": "S"}, {"value": "M"}]},
        {"name": "Färg", "properties": [{"value": "Blå"}]},
    ]
    rows = [
        one | {"options": [*one["options"], {"name": "Färg", "value": "Blå"}]}
        for one in variants_of(bench, uuid)
    ]
    bench.save(uuid, variants=rows, variantOptionDefinitions={"definitions": both})
    return ReportedChange((uuid,))


async def unassigned(bench: Bench, token: str) -> ReportedChange:
    uuid = shirt(bench, token)
    await bench.sync(uuid)
    await bench.unassign(uuid)
    return ReportedChange((uuid,), marked=False)


async def lost(bench: Bench, token: str) -> ReportedChange:
    """Deleted in the shop, and "Sync now"."""
    uuid = shirt(bench, token)
    await bench.sync(uuid)
    bench.sandbox.shop().delete_product(await bench.product_id(uuid))
    return ReportedChange((uuid,), force=True)


async def swapped(bench: Bench, token: str) -> ReportedChange:
    """Two products change names, SKUs and addresses; a third takes what one of them lets go of
    (decision 19).
    """
    names = ("Fat", "Skål", "Vas")
    uuids = [
        bench.till_product(
            f"{name}{token}",
            {"sku": f"{name}{token}", "price": kr(9)},
            online=addressed(name, token),
        )
        for name in names
    ]
    await bench.sync(*uuids)
    for uuid, name in zip(uuids, ("Skål", "Fat", "Kanna"), strict=True):
        (row,) = variants_of(bench, uuid)
        row |= {"sku": f"{name}{token}"}
        bench.save(uuid, name=f"{name}{token}", variants=[row], online=addressed(name, token))
    new = bench.till_product(
        f"Vas{token}", {"sku": f"Vas{token}", "price": kr(9)}, online=addressed("Vas", token)
    )
    return ReportedChange((new, *uuids))


def addressed(name: str, token: str) -> Row:
    return {"status": "ACTIVE", "seo": {"slug": f"{name}-{token.strip()}"}}


async def five(bench: Bench, token: str) -> ReportedChange:
    """A first sync: four creates are in the air at a time; two of the five have one name."""
    names = ("Fat", "Fat", "Skål", "Vas")
    uuids = [bench.till_product(f"{name}{token}", {"price": kr(9)}) for name in names]
    return ReportedChange((*uuids, shirt(bench, token, presentation={"imageUrl": PICTURE})))
