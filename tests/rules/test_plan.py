"""The plan before the first sync, on an awkward library: what it says of each product is what
happens to it (rules P8, P11, decision 6).
"""

import re
from collections import Counter
from dataclasses import dataclass

import pytest

from brygga.core.model import Origin
from brygga.core.report import Code, Severity
from brygga.database import library, synclog
from brygga.sync.products.preview import NOT_CHOSEN, SKIPPED, Action, Step, preview
from tests.rules.stack import DemoStack, sized, sizes_of

PLAN = "/apps/bigcommerce/plan"
MAPPED = frozenset(
    {
        Code.TEXT_CUT,
        Code.SKU_REPEATED,
        Code.BARCODE_TOO_LONG,
        Code.PRICE_OPEN,
        Code.VIDEO_UNSUPPORTED,
        Code.URL_UNUSABLE,
        Code.OPTION_RENAMED,
        Code.VALUE_RENAMED,
        Code.CLASH,
    }
)
"""Lines that the plan foresees; the others tell what was done."""


async def drawn(home: DemoStack, *, suppose: bool = False) -> dict[str, Step]:
    connection = await home.connection()
    async with home.service.database.read() as tx:
        return {step.uuid: step for step in await preview(tx, connection, suppose=suppose)}


async def choose(home: DemoStack, **wishes: str) -> str:
    """As the merchant does, on the page; by the product's uuid."""
    await home.open(f"{PLAN}?show=likely")
    return await home.press(
        "Save the choices", **{f"choice-{uuid}": wish for uuid, wish in wishes.items()}
    )


@dataclass
class Happened:
    """What became of a product in the first sync."""

    action: Action
    product_id: int = 0
    reason: str = ""


async def happened(home: DemoStack, uuid: str) -> Happened:
    connection, binding = await home.connection(), await home.binding(uuid)
    async with home.service.database.read() as tx:
        entry = await library.get(tx, connection.id, uuid)
    assert entry is not None
    if binding is not None:
        action = Action.CREATE if binding.synced.origin is Origin.CREATED else Action.LINK
        return Happened(action, binding.synced.product_id)
    return Happened(Action.LEAVE_OUT, reason=entry.failure or entry.unreadable)


async def warned(home: DemoStack, uuid: str) -> Counter[tuple[str, str]]:
    """(code, field) of what the log warns of for one product, each once, as the plan has it."""
    connection = await home.connection()
    async with home.service.database.read() as tx:
        lines = [one.line for one in await synclog.page(tx, connection.id, limit=100_000)]
    return Counter(
        {
            (line.code.value, line.params.get("field", "")): 1
            for line in lines
            if line.subject == uuid and line.severity is Severity.WARNING and line.code in MAPPED
        }
    )


async def awkward(home: DemoStack) -> dict[str, str]:
    """A library in which everything that can be said of a product is true of one."""
    seo = {"status": "ACTIVE", "seo": {"slug": "vas"}}
    many = tuple(str(number) for number in range(99))
    await home.shop.add_product(name="Fat", sku="EGEN-1", price=5)
    await home.shop.add_product(
        name="Annan vas", sku="EGEN-2", price=5, custom_url={"url": "/vas/", "is_customized": True}
    )
    found = {
        "plain": home.add("Plåtburk"),
        "clash with the store": home.add("Fat", {"sku": "FAT-1", "price": 100}),
        "clash of a URL": home.add("Vas", {"sku": "VAS-1", "price": 100}, online=seo),
        "first of two": home.add("Kruka", {"sku": "KR", "price": 100}),
        "second of two": home.add("Kruka", {"sku": "kr", "price": 200}),
        "long": home.add("L" * 256),
        "without a price": home.add("Öppet pris", {"sku": "OPEN"}),
        "long barcode": home.add("Streckad", {"sku": "BAR", "price": 1, "barcode": "1" * 20}),
        "a foreign video": home.add(
            "Filmad",
            online={"status": "ACTIVE", "presentation": {"mediaUrls": ["https://vimeo.com/1"]}},
        ),
        "odd values": home.add(
            "Udda",
            *(sized(size, sku=f"U{n}") for n, size in enumerate((" S ", "s", "-1"))),
            **sizes_of(" S ", "s", "-1"),
        ),
        "many variants": home.add_sized(*many, name="Många"),
        "no definitions": home.add(
            "Gammal", {"name": "A", "sku": "G1", "price": 1}, {"name": "B", "sku": "G2", "price": 2}
        ),
        "blank": home.add(" "),
    }
    for name in ("Länkad", "Behållen", "Skippad", "Oviss"):
        own = await home.shop.add_product(name=name.upper(), sku=f"EGEN-{name}", price=10)
        found[name] = home.add(name, {"sku": f"TILL-{name}", "price": 300})
        found[f"{name} there"] = str(own.id)
    return found


@pytest.mark.rule("P8", "P11")
async def test_the_first_sync_does_exactly_what_the_plan_says(home: DemoStack) -> None:
    """Decisions 6, 8, 10 and 12 as they show before anything is sent."""
    named = await awkward(home)
    await home.prepare()
    await choose(
        home,
        **{
            named["Länkad"]: f"link:{named['Länkad there']}",
            named["Behållen"]: "keep",
            named["Skippad"]: "skip",
        },
    )
    plan = await drawn(home)
    uuids = {label: uuid for label, uuid in named.items() if uuid in plan}
    requests = len(home.asked("POST", "PUT", "DELETE"))

    await home.finish()
    await home.wait(120)
    became = {label: await happened(home, uuid) for label, uuid in uuids.items()}

    assert 0 < requests, "only the hooks were made before"
    assert {label: plan[uuid].action for label, uuid in uuids.items()} == {
        label: one.action for label, one in became.items()
    }
    for label, uuid in uuids.items():
        step, one = plan[uuid], became[label]
        assert (label, one.product_id) == (
            label,
            step.target.product_id if step.target else one.product_id,
        )
        if one.action is Action.LEAVE_OUT and step.reason not in {SKIPPED, NOT_CHOSEN}:
            assert (label, one.reason) == (label, step.reason)
        foreseen = Counter(
            {
                (note.code, note.params.get("field", "")): 1
                for note in step.notes
                if note.code in set(MAPPED)
            }
        )
        assert (label, foreseen) == (label, await warned(home, uuid))
    assert (Action.LINK, Action.CREATE, Action.LEAVE_OUT, Action.CREATE) == tuple(
        plan[named[label]].action for label in ("Länkad", "Behållen", "Skippad", "Oviss")
    )
    assert plan[named["Oviss"]].undecided
    assert (SKIPPED, "name_missing") == (plan[named["Skippad"]].reason, plan[named["blank"]].reason)


@pytest.mark.rule("P11")
async def test_a_suffix_that_the_plan_names_is_the_one_that_is_written(home: DemoStack) -> None:
    named = await awkward(home)
    await home.prepare()
    plan = await drawn(home)
    await home.finish()
    await home.wait(60)

    for label in ("clash with the store", "second of two", "clash of a URL", "first of two"):
        uuid = named[label]
        reported = {
            note.params["field"]: note.params["written"]
            for note in plan[uuid].notes
            if note.code == Code.CLASH
        }
        shown = home.shown(uuid)
        written = {"name": shown["name"], "url": shown["custom_url"]["url"], "sku": shown["sku"]}
        assert (label, reported) == (label, {field: written[field] for field in reported})
    clashing = [label for label in ("first of two", "second of two") if plan[named[label]].notes]
    assert 1 == len(clashing), "one of two equals keeps the plain name"


@pytest.mark.rule("P11")
async def test_the_page_counts_searches_and_filters_what_the_plan_says(home: DemoStack) -> None:
    await awkward(home)
    await home.prepare()
    page = await home.open(PLAN)
    plan = await drawn(home)
    counts = dict(re.findall(r'show=(\w*)"[^>]*><b>([\d,]+)</b>', page))
    likely = await home.read(f"{PLAN}?show=likely")
    searched = await home.read(f"{PLAN}?q=till-oviss")

    actions = Counter(step.action for step in plan.values())
    assert (str(len(plan)), str(actions[Action.CREATE]), str(actions[Action.LEAVE_OUT])) == (
        counts[""],
        counts["create"],
        counts["leave"],
    )
    assert "Oviss" in likely
    assert "Plåtburk" not in likely
    assert "Same name" in likely
    assert "Oviss" in searched
    assert "1–1 of 1" in searched


@pytest.mark.rule("P11")
async def test_certain_pairs_are_linked_at_once_doubtful_ones_left_to_the_merchant(
    home: DemoStack,
) -> None:
    """What another connector made in a category "Zettle" is proposed as certain; two candidates
    need an eye.
    """
    category = home.shop.add_category("Zettle").id
    theirs = await home.shop.add_product(
        name="Helt annat namn", sku="MUGG-1", price=1, categories=[category]
    )
    await home.shop.add_product(name="Ett fat", sku="FAT-1", price=1)
    await home.shop.add_product(name="Två fat", upc="7310865004703", price=1)
    await home.shop.add_product(name="SKÅL", price=1)
    mugg = home.add("Mugg", {"sku": "MUGG-1", "price": 100})
    fat = home.add("Fat", {"sku": "FAT-1", "barcode": "7310865004703", "price": 100})
    skal = home.add("Skål", {"sku": "SK", "price": 100})
    await home.prepare()
    shown = await home.read(f"{PLAN}?show=likely")

    reported = await home.press("Link the certain ones")
    plan = await drawn(home)
    await home.finish()

    assert "another connector" in shown
    assert "1 need your own choice" in reported
    assert [Action.LINK, Action.CREATE, Action.CREATE] == [
        plan[uuid].action for uuid in (mugg, fat, skal)
    ]
    binding = await home.binding(mugg)
    assert binding is not None
    assert (theirs.id, Origin.LINKED) == (binding.synced.product_id, binding.synced.origin)
    assert [category] == home.shop.raw(theirs.id)["categories"]


@pytest.mark.rule("P11")
async def test_one_product_of_the_store_is_linked_with_one_of_the_till_only(
    home: DemoStack,
) -> None:
    own = await home.shop.add_product(name="Mugg", price=1)
    first, second = (
        home.add("MUGG", {"sku": "A", "price": 1}),
        home.add("mugg", {"sku": "B", "price": 1}),
    )
    await home.prepare()
    reported = await choose(home, **{first: f"link:{own.id}", second: f"link:{own.id}"})
    plan = await drawn(home)
    await home.finish()

    assert "need your own choice" in reported
    assert {Action.LINK, Action.CREATE} == {plan[first].action, plan[second].action}
    assert 2 == len(home.in_shop())


@pytest.mark.rule("P8", "P11")
async def test_a_choice_can_be_taken_back_before_the_sync(home: DemoStack) -> None:
    await home.shop.add_product(name="Mugg", price=1)
    uuid = home.add("MUGG")
    await home.prepare()
    await choose(home, **{uuid: "skip"})
    skipped = (await drawn(home))[uuid]
    await choose(home, **{uuid: ""})
    back = (await drawn(home))[uuid]
    await home.finish()

    assert (Action.LEAVE_OUT, SKIPPED) == (skipped.action, skipped.reason)
    assert (Action.CREATE, True) == (back.action, back.undecided)
    assert await home.binding(uuid)


@pytest.mark.rule("P8")
async def test_by_hand_the_plan_shows_what_choosing_would_do_and_sends_nothing(
    home: DemoStack,
) -> None:
    await home.shop.add_product(name="Mugg", price=1)
    mugg, fat = home.add("MUGG"), home.add("Fat")
    await home.connect(whole_library=False)
    page = await home.read(PLAN)
    plan, supposed = await drawn(home), await drawn(home, suppose=True)

    assert [(Action.LEAVE_OUT, NOT_CHOSEN)] * 2 == [
        (plan[uuid].action, plan[uuid].reason) for uuid in (mugg, fat)
    ]
    assert [(Action.CREATE, True)] * 2 == [
        (supposed[uuid].action, supposed[uuid].supposed) for uuid in (mugg, fat)
    ]
    assert "if you choose it" in page
    assert "May be in the store already" in page
    assert ["Mugg"] == home.in_shop()


@pytest.mark.rule("P11")
async def test_what_changes_between_the_plan_and_the_sync_is_said(home: DemoStack) -> None:
    edited, removed = home.add("Mugg"), home.add("Fat")
    home.add("Kanna")
    await home.prepare()
    await home.open(PLAN)
    home.till.edit_product(edited, name="Mugg två")
    home.till.delete_product(removed)
    home.add("Vas")
    await home.finish()

    reported = {(line["name"], line["change"]) for line in await home.reported(Code.PLAN_CHANGED)}
    assert {("Mugg två", "edited"), ("Fat", "removed"), ("Vas", "added")} == reported
    assert ["Kanna", "Mugg två", "Vas"] == home.in_shop()


# ---- Link instead (decision 6) -------------------------------------------------------------------


@pytest.mark.rule("P11")
async def test_link_instead_removes_ours_and_binds_the_merchants_own(home: DemoStack) -> None:
    category = home.shop.add_category("Köket").id
    uuid = home.add("Mugg", stock=7)
    await home.connect()
    own = await home.shop.add_product(
        name="Fat",
        sku="FAT-9",
        price=10,
        is_visible=True,
        categories=[category],
        inventory_tracking="product",
        inventory_level=3,
    )
    fat = home.add("Fat", {"sku": "FAT-1", "price": 100}, stock=5)
    await home.wait(60)
    ours = home.shown(fat)
    clash = next(one for one in await home.reported(Code.CLASH) if one["field"] == "name")
    log = await home.open("/apps/bigcommerce/log")
    link = f"/library/{fat}/link?to={own.id}"
    asked = await home.read(link)
    await home.press("Link instead")
    await home.wait(90)
    linked, binding = home.shop.raw(own.id), await home.binding(fat)

    assert ours["name"] != "Fat"
    assert (str(own.id), "Fat") == (clash["other_id"], clash["other"])
    assert link.replace("&", "&amp;") in log
    assert ours["name"] in asked
    assert "is deleted" in asked
    assert binding is not None
    assert (own.id, Origin.LINKED) == (binding.synced.product_id, binding.synced.origin)
    assert sorted(["Mugg", "Fat"]) == sorted(home.in_shop())
    assert ("Fat", "FAT-1", 1) == (linked["name"], linked["sku"], linked["price"])
    assert ([category], True, 0) == (
        linked["categories"],
        linked["is_visible"],
        linked["tax_class_id"],
    )
    assert [(5, 5)] == home.levels(fat)
    assert [(7, 7)] == home.levels(uuid)
    assert Code.LINKED_INSTEAD in await home.codes()


@pytest.mark.rule("P11")
async def test_link_instead_with_a_product_that_is_gone_changes_nothing(home: DemoStack) -> None:
    """Looked at before ours goes: a link to nothing would lose the product."""
    own = await home.shop.add_product(name="Fat", sku="FAT-9", price=10)
    fat = home.add("Fat", {"sku": "FAT-1", "price": 100})
    await home.connect()
    before = home.id_of(fat)
    await home.open(f"/library/{fat}/link?to={own.id}")
    home.shop.delete_product(own.id)
    await home.press("Link instead")
    await home.wait(30)

    assert before == home.id_of(fat)
    assert [("gone", str(own.id))] == [
        (one["obstacle"], one["other_id"]) for one in await home.reported(Code.LINK_IMPOSSIBLE)
    ]


@pytest.mark.rule("P11")
async def test_two_products_of_the_till_that_clash_are_not_offered_as_a_link(
    home: DemoStack,
) -> None:
    first, second = (
        home.add("Mugg", {"sku": "A", "price": 1}),
        home.add("Mugg", {"sku": "B", "price": 1}),
    )
    await home.connect()
    clash = (await home.reported(Code.CLASH))[0]
    suffixed = second if home.shown(first)["name"] == "Mugg" else first
    log = await home.open("/apps/bigcommerce/log")
    page = await home.read(f"/library/{suffixed}/link?to={clash['other_id']}")

    assert "/link?to=" not in log
    assert "it belongs to another Zettle product already" in page
    assert not home.browser_session.offers("Link instead")


@pytest.mark.rule("P11")
@pytest.mark.parametrize("kind", ["5xx_before", "5xx_after", "timeout_after", "cut_after"])
async def test_link_instead_is_carried_through_when_the_delete_is_not_answered(
    home: DemoStack, kind: str
) -> None:
    own = await home.shop.add_product(name="Fat", sku="FAT-9", price=10)
    fat = home.add("Fat", {"sku": "FAT-1", "price": 100})
    await home.connect()
    home.sandbox.bigcommerce.faults.add(kind, method="DELETE", path="*/catalog/products", next=1)
    await home.open(f"/library/{fat}/link?to={own.id}")
    await home.press("Link instead")
    await home.wait(120)
    binding = await home.binding(fat)

    assert binding is not None
    assert (own.id, Origin.LINKED) == (binding.synced.product_id, binding.synced.origin)
    assert ["Fat"] == home.in_shop()
