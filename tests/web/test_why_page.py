"""Why a number is what it is, as a page and as a file (docs/design.md, "Stock")."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
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
from brygga.web.chart import chart, scale
from brygga.web.i18n import LANGUAGES, Language, words
from brygga.web.lines import spoken
from brygga.web.moves import event_view, folded, move_view
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
    drawn = chart(moves, NOON + timedelta(days=1))
    if drawn is None:
        assert all(level is None for pair in (levels if moves else []) for level in pair)
        return
    for path in (drawn.till, drawn.shop):
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


# ---- The file ------------------------------------------------------------------------------------


async def rows_of(browser: Browser, path: str, delimiter: str) -> list[dict[str, str]]:
    answer = await browser.open(f"{path}.csv")
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
