"""Why a number is what it is, as a page and as a file (docs/design.md, "Stock")."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON
from tests.web.conftest import BERG, SHOP, Browser, World, product
from tests.web.test_stock_forms import reported, shared

from brygga.core.model import Connection
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import SUSPENDED, Gap, Ledger, PendingWrite, Side, StockRecord
from brygga.core.stock.explaining import Explained
from brygga.core.stock.movement import Cause, Movement, Reason
from brygga.database import library, movements, synclog
from brygga.database.work_items import Kind
from brygga.web.chart import Shown, chart, scale, whole
from brygga.web.days import Day, day_of, ticks, zone_of
from brygga.web.i18n import LANGUAGES, Language, words
from brygga.web.lines import spoken
from brygga.web.moves import Folding, event_view, folded, move_view
from brygga.web.stock_csv import file_name, harmless
from brygga.web.stock_view import headline, record_view, signed


def move(cause: Cause, change: int, after: tuple[int | None, int | None], **more: Any) -> Movement:
    """On Zettle's side, and from one more than after."""
    till, shop = after
    side = more.pop("side", Side.ZETTLE)
    of: tuple[str, str] = more.pop("of", ("p", "v"))
    before = (None if till is None else till - change, shop)
    return Movement(
        more.pop("at", NOON), *of, side, cause, change, before[0], till, before[1], shop, **more
    )


async def happened(world: World, connection: Connection, *moves: Movement) -> None:
    async with world.database.transaction() as tx:
        await movements.add(tx, connection.id, moves)


async def sold(world: World, count: int = 1) -> tuple[Connection, Browser, str, str]:
    """A product whose stock moved so often: the address of its page."""
    connection, browser, uuid = await shared(world, 7)
    of = (uuid, f"{uuid}-v")
    await happened(
        world,
        connection,
        *(
            move(Cause.SEEN, -1, (7, 7), of=of, at=NOON + timedelta(seconds=n))
            for n in range(count)
        ),
    )
    return connection, browser, uuid, f"/library/{uuid}/variants/{uuid}-v/stock"


# ---- The page ------------------------------------------------------------------------------------


@pytest.mark.rule("S2", "S4")
async def test_the_page_asks_in_the_merchants_words_and_answers_with_every_movement(
    world: World,
) -> None:
    connection, browser, uuid, path = await sold(world)
    more = {"call": "c1", "sent": NOON, "side": Side.SHOP, "of": (uuid, f"{uuid}-v")}
    await happened(
        world, connection, move(Cause.WRITTEN, -1, (7, 7), at=NOON + timedelta(seconds=0.4), **more)
    )
    english = (await browser.open(path)).text
    await browser.open("/language/sv")
    swedish = (await browser.open(path)).text

    assert "<h1>Why is this 7?</h1>" in english
    assert "<h1>Varför är det 7?</h1>" in swedish
    assert "Sold, or taken down by hand, at the till" in english
    assert "BigCommerce: We sent −1, received after 0.4 s." in english
    assert "BigCommerce: Vi skickade −1, mottaget efter 0,4 s." in swedish
    assert 1 == english.count('<td class="small quiet when">')


@pytest.mark.rule("S2")
async def test_movements_are_shown_in_pages_and_each_once(world: World) -> None:
    _, browser, _, path = await sold(world, 120)
    seen: list[str] = []
    page = (await browser.open(path)).text
    while True:
        seen += re.findall(r'<td class="small quiet when"><time datetime="([^"]+)"', page)
        older = re.search(r'rel="next" href="(\?before=\d+)"', page)
        if older is None:
            break
        page = (await browser.open(path + older[1])).text

    assert 120 == len(seen) == len(set(seen))
    assert sorted(seen, reverse=True) == seen


def chain(*steps: tuple[Side, Cause, int, float]) -> list[tuple[int, Movement]]:
    """Newest first: (side, cause, change, second)."""
    made = [
        (number, move(cause, change, (5, 5), side=side, at=NOON + timedelta(seconds=second)))
        for number, (side, cause, change, second) in enumerate(steps, 1)
    ]
    return made[::-1]


SALE, ORDER = (Side.ZETTLE, Cause.SEEN), (Side.SHOP, Cause.ORDER)
TO_SHOP, TO_TILL = (Side.SHOP, Cause.WRITTEN), (Side.ZETTLE, Cause.WRITTEN)


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        pytest.param([(*SALE, -1, 0), (*TO_SHOP, -1, 1)], {1: -1}, id="a sale"),
        pytest.param(
            [(*ORDER, -2, 0), (*SALE, -2, 0), (*TO_SHOP, -2, 1), (*TO_TILL, -2, 1)],
            {1: -2, 2: -2},
            id="both",
        ),
        pytest.param(
            [(*SALE, -1, 0), (*SALE, -2, 1), (*TO_SHOP, -3, 2)],
            {1: None, 2: -3},
            id="two in one write",
        ),
        pytest.param(
            [(*SALE, -1, 0), (*SALE, -1, 3600), (*TO_SHOP, -1, 3601)],
            {1: None, 2: -1},
            id="an old one",
        ),
        pytest.param(
            [(*SALE, -1, 0), (*TO_SHOP, -4, 1)], {1: None, 2: None}, id="another quantity"
        ),
        pytest.param(
            [(*TO_SHOP, -1, 0), (*SALE, -1, 1)], {1: None, 2: None}, id="before the event"
        ),
        pytest.param([(Side.SHOP, Cause.IN_DOUBT, -1, 1)], {1: None}, id="in doubt"),
    ],
)
def test_our_own_write_is_part_of_the_line_that_caused_it(
    steps: Any, lines: dict[int, int | None]
) -> None:
    events = folded(chain(*steps))

    assert list(reversed(lines)) == [event.id for event in events]
    assert lines == {event.id: event.written and event.written.change for event in events}


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    "writes", [[(2, -1), (3, -2)], [(3, -3)], []], ids=["each", "together", "none"]
)
def test_an_order_that_was_seen_bit_by_bit_is_one_line(writes: list[tuple[int, int]]) -> None:
    named: Any = {"side": Side.SHOP, "reason": Reason.ORDER, "reference": "104"}
    parts = [
        replace(
            move(Cause.ORDER, change, (10, after), at=NOON + timedelta(seconds=after), **named),
            shop_before=before,
        )
        for before, change, after in ((10, -1, 9), (9, -2, 7))
    ]
    sent = [
        move(
            Cause.WRITTEN,
            change,
            (10 - second, 7),
            at=NOON + timedelta(seconds=10 + second),
            sent=NOON,
            call="c",
        )
        for second, change in writes
    ]
    events = folded([*enumerate([*parts, *sent], 1)][::-1])

    assert [2] == [event.id for event in events]
    view = event_view(words("en"), events[0])
    assert ("Order 104 in the web shop", "−3", (10, 7)) == (view.sentence, view.change, view.shop)
    assert len(writes) == view.request.count("We sent")


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(
    "other",
    [
        {"reference": "105"},
        {"reason": Reason.RETURN},
        {"reason": Reason.UNCLEAR, "reference": ""},
        {"reason": None, "reference": ""},
        {"at": NOON + timedelta(minutes=5)},
    ],
)
def test_two_orders_are_two_lines(other: dict[str, Any]) -> None:
    named: Any = {"side": Side.SHOP, "reason": Reason.ORDER, "reference": "104"}
    first, second = (
        move(Cause.ORDER, -1, (10, 9), **named),
        move(Cause.ORDER, -1, (10, 8), **{**named, **other}),
    )

    assert 2 == len(folded([(2, second), (1, first)]))


ORDERS = re.compile(r"order|cancel|refund|return|avbok|återbetal|retur", re.IGNORECASE)


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", [None, Reason.UNCLEAR])
def test_a_rise_in_the_shop_is_no_orders_unless_one_says_so(
    language: Language, reason: Reason | None
) -> None:
    reported = {
        cause: move_view(
            words(language), move(cause, 3, (5, 5), side=Side.SHOP, reason=reason)
        ).sentence
        for cause in (Cause.SEEN, Cause.ORDER, Cause.SWEPT)
    }

    assert [Cause.ORDER] == [
        cause for cause, sentence in reported.items() if ORDERS.search(sentence)
    ]


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(
    ("language", "both"), [("en", ("by hand", "an order")), ("sv", ("för hand", "en order"))]
)
def test_the_log_does_not_rule_out_what_the_page_may_find(
    language: Language, both: tuple[str, str]
) -> None:
    """No event named an order, but the page reads the orders themselves."""
    _, cause, _ = spoken(
        words(language), Code.STOCK_SHOP_MOVED.value, {"change": "-1", "number": "4"}
    )

    assert all(word in cause for word in both)


@pytest.mark.rule("S3")
def test_an_order_between_whose_parts_something_else_happened_is_one_line() -> None:
    named: Any = {"side": Side.SHOP, "reason": Reason.ORDER, "reference": "104"}

    def part(change: int, before: int, second: int) -> Movement:
        at = NOON + timedelta(seconds=second)
        return replace(
            move(Cause.ORDER, change, (9, before + change), at=at, **named), shop_before=before
        )

    sale = move(Cause.SEEN, -1, (9, 9), at=NOON + timedelta(seconds=3))
    echo = move(Cause.WRITTEN, -1, (9, 8), at=NOON + timedelta(seconds=4), side=Side.SHOP)
    parts = [part(-1, 10, 0), sale, echo, part(-2, 8, 9)]
    order, till = (event_view(words("en"), one) for one in folded([*enumerate(parts, 1)][::-1]))

    assert ("Order 104 in the web shop", "−3", (9, 6)) == (
        order.sentence,
        order.change,
        order.shop,
    )
    assert ("−1", 1) == (till.change, len(till.requests))


@pytest.mark.rule("S2")
@pytest.mark.parametrize("cause", [Cause.NOT_WRITTEN, Cause.REFUSED])
def test_a_request_that_did_not_land_is_part_of_its_events_line(cause: Cause) -> None:
    tried = (Side.SHOP, cause, -1, 1)
    (event,) = folded(chain((*SALE, -1, 0), tried, (*TO_SHOP, -1, 9)))
    (waiting,) = folded(chain((*SALE, -1, 0), tried))
    view, open_ = event_view(words("en"), event), event_view(words("en"), waiting)

    assert [cause, Cause.WRITTEN] == [one.cause for one in event.writes]
    assert (2, False) == (len(view.requests), view.doubtful)
    assert (cause is Cause.REFUSED) is open_.doubtful


@pytest.mark.rule("S5", "S6")
@pytest.mark.parametrize("cause", [Cause.SPLIT, Cause.JOINED, Cause.COUNTED])
def test_what_a_command_wrote_to_both_sides_is_part_of_its_line(cause: Cause) -> None:
    command = (Side.ZETTLE, cause, 0, 0)
    found = folded(chain(command, (*TO_TILL, -3, 1), (*TO_SHOP, -7, 2), (*TO_SHOP, 1, 3)))
    view = event_view(words("en"), found[-1])

    assert [4, 1] == [event.id for event in found]
    assert ["zettle", "shop"] == [one.to for one in view.requests]
    assert ("us", "") == (view.whose, view.change)


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize(
    ("side", "place", "said"),
    [
        (Side.ZETTLE, "POS", "At the till"),
        (Side.SHOP, "manual", "Entered by hand in BigCommerce"),
        (Side.SHOP, "POS", ""),
        (Side.SHOP, "%(x)s", ""),
        (Side.ZETTLE, "", ""),
    ],
)
def test_where_it_was_sold_is_told_in_words_or_not_at_all(
    side: Side, place: str, said: str
) -> None:
    view = move_view(words("en"), move(Cause.SEEN, -1, (5, 5), side=side, place=place))

    assert said == view.place


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("change", [3, -3])
def test_a_correction_says_its_size_and_claims_no_answer(language: Language, change: int) -> None:
    """Either the write landed after all, or no echo came within an hour: it never did."""
    view = move_view(words(language), move(Cause.CORRECTED, change, (5, 5), sent=NOON, call="c"))

    assert signed(words(language), change) in view.sentence
    assert not view.request


@pytest.mark.rule("S2")
async def test_a_write_on_the_page_before_is_part_of_its_events_line(world: World) -> None:
    connection, browser, uuid = await shared(world, 7)
    of = (uuid, f"{uuid}-v")
    moves = []
    for second in range(0, 130, 2):
        moves.append(move(Cause.SEEN, -1, (7, 7), of=of, at=NOON + timedelta(seconds=second)))
        moves.append(
            move(
                Cause.WRITTEN,
                -1,
                (7, 7),
                of=of,
                side=Side.SHOP,
                at=NOON + timedelta(seconds=second + 1),
            )
        )
    await happened(world, connection, *moves)
    path = f"/library/{uuid}/variants/{uuid}-v/stock"
    first = (await browser.open(path)).text
    older = re.search(r'rel="next" href="(\?before=\d+)"', first)
    assert older is not None
    second_page = (await browser.open(path + older[1])).text

    assert [50, 15] == [page.count("BigCommerce: We sent −1") for page in (first, second_page)]
    assert [50, 15] == [
        page.count('<td class="small quiet when">') for page in (first, second_page)
    ]


@pytest.mark.rule("A4")
async def test_a_line_of_the_log_leads_to_its_number_also_when_the_variant_is_gone(
    world: World,
) -> None:
    connection, browser, uuid, path = await sold(world)
    gone = (uuid, f"{uuid}-gone")
    await happened(world, connection, move(Cause.SEEN, -1, (0, 0), of=gone))
    lines = [
        Line(
            Code.STOCK_TILL_MOVED,
            Topic.STOCK,
            Severity.INFO,
            uuid,
            variant,
            {"name": "Kanna", "change": "-1"},
        )
        for variant in (f"{uuid}-v", gone[1])
    ]
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, lines, NOON)
    log, own = (
        (await browser.open("/apps/bigcommerce/log")).text,
        (await browser.open(f"/library/{uuid}")).text,
    )
    links = [path, path.replace("-v/", "-gone/")]

    assert all(f'href="{link}"' in page for link in links for page in (log, own))
    assert [200, 200] == [(await browser.open(link)).status_code for link in links]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1;DROP", "٣"])
async def test_a_place_that_is_none_is_the_newest_page(world: World, before: str) -> None:
    _, browser, _, path = await sold(world, 3)
    answer = await browser.http.get(path, params={"before": before})

    assert (200, 3) == (answer.status_code, answer.text.count('<td class="small quiet when">'))


@pytest.mark.parametrize("page", ["", ".csv"])
async def test_another_merchants_number_is_not_explained(world: World, page: str) -> None:
    _, browser, uuid, path = await sold(world)
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger, nobody = world.browser(), world.browser()
    await stranger.sign_in("berg")

    assert 404 == (await stranger.open(path + page)).status_code
    assert 303 == (await nobody.open(path + page)).status_code
    assert 404 == (await browser.open(f"/library/{uuid}/variants/other/stock{page}")).status_code
    assert 404 == (await browser.open(f"/library/other/variants/{uuid}-v/stock{page}")).status_code


async def test_a_page_that_shows_an_unexplained_movement_asks_for_its_cause_and_not_twice(
    world: World,
) -> None:
    connection, browser, uuid, path = await sold(world)
    await browser.open(path)
    asked = await reported(world, connection)
    async with world.database.transaction() as tx:
        ((_, (unexplained,)),) = (
            await movements.unexplained(tx, connection.id, uuid, NOON)
        ).items()
        done = Explained(unexplained.id, Reason.SALE, ("1366",))
        await movements.explain(tx, connection.id, [done], NOON)
    page = (await browser.open(path)).text

    assert 1 == asked[Kind.EXPLAIN]
    assert "Sold at the till, receipt 1366" in page


async def test_a_variant_that_has_no_number_yet_is_no_error(world: World) -> None:
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    page = (await browser.open(f"/library/{uuid}/variants/{uuid}-v/stock")).text

    assert "What has happened to the stock?" in page
    assert "Nothing has moved yet" in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("change", [-2, 0, 3])
def test_every_movement_has_a_sentence_of_its_own(
    language: Language, cause: Cause, side: Side, change: int
) -> None:
    view = move_view(words(language), move(cause, change, (5, 5), side=side, sent=NOON, call="c"))

    assert view.sentence not in {"", words(language).text("moved.other")}
    assert not re.search(r"%\(|moved\.|request\.|  ", view.sentence + view.request)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (Side.ZETTLE, Reason.SALE),
        (Side.ZETTLE, Reason.REFUND),
        (Side.ZETTLE, Reason.SEVERAL),
        (Side.ZETTLE, Reason.EDIT),
        (Side.SHOP, Reason.ORDER),
        (Side.SHOP, Reason.RETURN),
        (Side.SHOP, Reason.SEVERAL),
        (Side.SHOP, Reason.EDIT),
    ],
)
def test_every_reason_has_a_sentence_with_its_number(
    language: Language, side: Side, reason: Reason
) -> None:
    named = "" if reason is Reason.EDIT else "1366"
    view = move_view(
        words(language), move(Cause.SEEN, -1, (5, 5), side=side, reason=reason, reference=named)
    )

    assert named in view.sentence
    assert words(language).has(f"reason.{reason.value}.{side.value}")


PENDING_WRITE = PendingWrite("c", -2, NOON)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("ledger", "says"),
    [
        (Ledger(StockRecord(7), StockRecord(7)), "Both sides have 7."),
        (Ledger(StockRecord(7), StockRecord(8, -1)), "something is still on its way"),
        (
            Ledger(StockRecord(5), StockRecord(7, pending_write=PENDING_WRITE)),
            "something is still on its way",
        ),
        (
            Ledger(StockRecord(5), StockRecord(7, pending_write=replace(PENDING_WRITE, lost=NOON))),
            "something is still on its way",
        ),
        (Ledger(StockRecord(-2), StockRecord(0, -2)), "2 more were sold than there were"),
        (
            Ledger(StockRecord(7), StockRecord(Gap.NOT_CREATED)),
            "The variant is not in the web shop",
        ),
        (
            Ledger(StockRecord(Gap.UNTRACKED), StockRecord(Gap.UNTRACKED)),
            "Inventory management is off",
        ),
        (Ledger(), "The number has not been read yet"),
        (
            Ledger(StockRecord(7), StockRecord(3), separate=True),
            "7 at the till and 3 in the web shop",
        ),
        (
            Ledger(StockRecord(7), StockRecord(0, 3, rests=SUSPENDED), separate=True),
            "its 3 are kept",
        ),
        (Ledger(StockRecord(9), StockRecord(9, floor=2)), "Both sides have 9."),
        (Ledger(StockRecord(0), StockRecord(2, -2, floor=2)), "something is still on its way"),
        (Ledger(StockRecord(99_999), StockRecord(99_998, 1)), "something is still on its way"),
    ],
)
def test_the_number_of_today_is_one_sentence_and_each_record_says_its_own(
    language: Language, ledger: Ledger, says: str
) -> None:
    speech = words(language)
    told_ = [
        headline(speech, ledger),
        *(line for side in Side for line in record_view(speech, ledger, side).sentences),
    ]

    assert not re.search(r"%\(|why\.|shelf\.|  ", " ".join(told_))
    assert all(len(line) > 8 for line in told_)
    assert language == "sv" or says in told_[0]


# ---- The chart -----------------------------------------------------------------------------------


LEVELS = st.lists(
    st.tuples(st.none() | st.integers(-50, 99_999), st.none() | st.integers(-50, 99_999)),
    max_size=30,
)


@given(LEVELS)
def test_every_point_of_a_chart_lies_in_the_drawing(
    levels: list[tuple[int | None, int | None]],
) -> None:
    moves = [
        Movement(
            NOON + timedelta(minutes=n),
            "p",
            "v",
            Side.ZETTLE,
            Cause.SEEN,
            0,
            a[0],
            b[0],
            a[1],
            b[1],
        )
        for n, (a, b) in enumerate(pairwise(levels))
    ]
    drawn = chart(whole(moves, NOON + timedelta(days=1)), UTC, [(one, "x") for one in moves])
    if drawn is None:
        assert all(level is None for pair in (levels if moves else []) for level in pair)
        return
    assert all(0 < one.across < 100 for one in drawn.labels)
    assert len(drawn.marks) <= len(moves)
    for path in (drawn.till, drawn.shop, *(one.path for one in drawn.marks)):
        across = [float(x) for x in re.findall(r"[MH]([-\d.]+)", path)]
        down = [
            float(y) for y in re.findall(r"M[-\d.]+ ([-\d.]+)|V([-\d.]+)", path) for y in y if y
        ]
        assert all(0 <= x <= 1000 for x in across)
        assert all(0 <= y <= 200 for y in down)
        assert sorted(across) == across


@given(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999))
def test_the_lines_of_a_chart_are_round_few_and_hold_every_number(one: int, other: int) -> None:
    ticks = scale(min(one, other), max(one, other))

    assert 2 <= len(ticks) <= 6
    assert 0 in ticks
    assert ticks[-1] <= min(one, other)
    assert max(one, other) <= ticks[0]
    assert 1 == len({above - below for above, below in pairwise(ticks)})


async def test_the_chart_is_told_in_words_too(world: World) -> None:
    _, browser, _, path = await sold(world, 2)
    page = (await browser.open(path)).text

    assert 'role="img" aria-labelledby="chart-title chart-text"' in page
    assert "from 8 to 7, lowest 7, highest 8" in page


SALE_AT_NOON = move(Cause.SEEN, -1, (6, 7), reason=Reason.SALE, reference="12")


def test_each_event_has_a_mark_on_its_line_and_an_edit_has_another() -> None:
    edit = move(Cause.SEEN, 3, (9, 7), at=NOON + timedelta(hours=1), reason=Reason.EDIT)
    drawn = chart(
        whole([SALE_AT_NOON, edit], NOON + timedelta(hours=2)),
        UTC,
        [(SALE_AT_NOON, "a sale"), (edit, "an edit")],
    )
    assert drawn is not None
    first, second = drawn.marks
    level = float(re.findall(r"V([\d.]+)", drawn.till)[0])

    assert [("a sale", False), ("an edit", True)] == [(m.text, m.is_edit) for m in drawn.marks]
    assert f"M{first.path[1:].partition(' ')[0]} {level}h0" == first.path
    assert float(first.path[1:].partition(" ")[0]) < float(second.path[1:].partition(" ")[0])


@given(
    st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda later: NOON + later),
    st.timedeltas(timedelta(minutes=1), timedelta(days=100)),
    st.sampled_from(["SE", "US", "GB"]),
)
def test_the_times_below_a_chart_are_round_few_and_in_it(
    start: datetime, length: timedelta, country: str
) -> None:
    found = ticks(start, start + length, zone_of(country))
    local = [one.at.astimezone(zone_of(country)) for one in found]

    assert len(found) <= 8
    assert all(start <= one.at <= start + length for one in found)
    assert sorted(one.at for one in found) == [one.at for one in found]
    assert all((at.second, at.microsecond) == (0, 0) for at in local)
    assert all(
        (at.hour, at.minute) == (0, 0) for at, one in zip(local, found, strict=True) if one.is_day
    )
    assert len(found) >= 1 or length < timedelta(days=2)


def test_a_day_is_the_shops_day_also_when_clocks_change() -> None:
    zone = zone_of("SE")
    spring, autumn = Day(date(2026, 3, 29), zone), Day(date(2026, 10, 25), zone)

    assert datetime(2026, 3, 28, 23, tzinfo=UTC) == spring.start
    assert [23, 25] == [(day.end - day.start) / timedelta(hours=1) for day in (spring, autumn)]
    assert UTC == zone_of("US") == zone_of("")
    assert [None] * 4 == [
        day_of(text, zone) for text in ("", "yesterday", "2026-02-30", "9999-12-31")
    ]


def test_a_day_without_a_movement_is_a_straight_line() -> None:
    day = Day(date(2026, 3, 1), UTC)
    drawn = chart(Shown([], day.start, day.end, SALE_AT_NOON))

    assert drawn is not None
    assert (6, 7) == (drawn.till_extent.last, drawn.shop_extent.last)
    assert chart(Shown([], day.start, day.end)) is None


# ---- One day -------------------------------------------------------------------------------------


async def three_days(world: World) -> tuple[Browser, str]:
    """A sale on each of three days, two days apart, and an echo of the second after midnight."""
    connection, browser, uuid = await shared(world, 7)
    of = (uuid, f"{uuid}-v")
    late = datetime(2026, 2, 26, 22, 59, 59, tzinfo=UTC)  # a second before midnight in Sweden
    to_shop: Any = {"of": of, "side": Side.SHOP, "call": "c", "sent": late}
    await happened(
        world,
        connection,
        move(Cause.SEEN, -1, (9, 9), of=of, at=late - timedelta(days=2)),
        move(Cause.SEEN, -2, (7, 9), of=of, at=late),
        move(Cause.WRITTEN, -2, (7, 7), at=late + timedelta(seconds=2), **to_shop),
        move(Cause.SEEN, -3, (4, 7), of=of, at=late + timedelta(days=2)),
    )
    return browser, f"/library/{uuid}/variants/{uuid}-v/stock"


@pytest.mark.rule("S2")
async def test_one_day_shows_its_events_with_what_was_written_after_midnight(world: World) -> None:
    browser, path = await three_days(world)
    page = (await browser.open(f"{path}?day=2026-02-26")).text
    rows = await rows_of(browser, path, ",", day="2026-02-26")

    assert 1 == page.count('<td class="small quiet when">')
    assert "BigCommerce: We sent −2" in page
    assert "Stock on 26 Feb 2026" in page
    assert 'rel="prev" href="?day=2026-02-24"' in page
    assert 'rel="next" href="?day=2026-02-28"' in page
    assert ["-2"] == [row["Change"] for row in rows]


@pytest.mark.rule("S2")
async def test_a_day_on_which_nothing_moved_says_so_and_leads_on(world: World) -> None:
    browser, path = await three_days(world)
    page = (await browser.open(f"{path}?day=2026-02-27")).text
    whole_page = (await browser.open(f"{path}?day=soon")).text

    assert "Nothing moved on this day" in page
    assert "from 7 to 7, lowest 7, highest 7" in page
    assert 'rel="prev" href="?day=2026-02-26"' in page
    assert 3 == whole_page.count('<td class="small quiet when">')


# ---- The file ------------------------------------------------------------------------------------


async def rows_of(
    browser: Browser, path: str, delimiter: str, day: str = ""
) -> list[dict[str, str]]:
    answer = await browser.open(f"{path}.csv?day={day}")
    assert 200 == answer.status_code
    assert answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.parametrize(
    ("language", "delimiter", "product"), [("en", ",", "Product"), ("sv", ";", "Produkt")]
)
async def test_the_file_opens_in_the_merchants_spreadsheet(
    world: World, language: str, delimiter: str, product: str
) -> None:
    _, browser, _, path = await sold(world, 3)
    await browser.open(f"/language/{language}")
    rows = await rows_of(browser, path, delimiter)

    assert ["Kanna"] * 3 == [row[product] for row in rows]
    assert [["-1", "8", "7", "7", "7"]] * 3 == [list(row.values())[6:11] for row in rows]
    assert sorted(row[next(iter(row))] for row in rows) == [row[next(iter(row))] for row in rows]


async def test_a_long_history_is_whole_in_the_file(world: World) -> None:
    _, browser, _, path = await sold(world, 2_345)

    assert 2_345 == len(await rows_of(browser, path, ","))


@pytest.mark.rule("S2", "S3")
async def test_the_file_has_one_line_for_each_event_as_the_page(world: World) -> None:
    connection, browser, uuid, path = await sold(world)
    more: Any = {"side": Side.SHOP, "of": (uuid, f"{uuid}-v"), "sent": NOON, "call": "c1"}
    await happened(
        world, connection, move(Cause.WRITTEN, -1, (7, 7), at=NOON + timedelta(seconds=1), **more)
    )
    (row,) = await rows_of(browser, path, ",")

    assert ["-1", "8", "7"] == [row[name] for name in ("Change", "Till before", "Till after")]
    assert ("We sent −1, received after 1 s.", "c1") == (row["Our request"], row["Request id"])


@pytest.mark.parametrize("count", [1, 150, 199, 400])
def test_a_file_made_in_pieces_has_the_events_of_the_page(count: int) -> None:
    """Also an order that was read in parts just where a piece ends."""
    moves: list[tuple[int, Movement]] = []
    for number in range(count):
        at = NOON + timedelta(minutes=5 * number)
        named: Any = {"side": Side.SHOP, "reason": Reason.ORDER, "reference": str(number)}
        for second, change in ((0, -1), (2, -2)):
            moves.append(
                (
                    len(moves) + 1,
                    move(Cause.ORDER, change, (5, 5), at=at + timedelta(seconds=second), **named),
                )
            )
        moves.append(
            (len(moves) + 1, move(Cause.WRITTEN, -3, (5, 5), at=at + timedelta(seconds=9)))
        )
    folding, made = Folding(), []
    for begin in range(0, len(moves), 100):
        for id_, one in moves[begin : begin + 100]:
            folding.add(id_, one)
        made += folding.taken(20)
    made += folding.taken(0)

    page = folded(moves[::-1])[::-1]
    assert count == len(page)
    assert [(one.id, one.move, one.writes) for one in page] == [
        (one.id, one.move, one.writes) for one in made
    ]


EVIL = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("name", [*EVIL, 'Mugg "stor"; röd, blå', "<script>alert(1)</script>"])
async def test_a_name_is_text_to_a_spreadsheet_and_never_a_formula(world: World, name: str) -> None:
    connection, browser, uuid, path = await sold(world)
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [replace(product(uuid, "x"), name=name)], NOON)
    (row,) = await rows_of(browser, path, ",")

    assert (f"'{name}" if name in EVIL else name) == row["Product"]


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = harmless(text)

    assert cell.endswith(text)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text(max_size=200))
def test_a_files_name_breaks_no_header(name: str) -> None:
    header = file_name(name)

    assert re.fullmatch(
        r'attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]+\.csv"; '
        r"filename\*=UTF-8\'\'[!-~]+\.csv",
        header,
    )
