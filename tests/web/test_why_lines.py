"""What a line of stock says: one event, one line, in words (docs/design.md, "Stock")."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOON
from tests.web.moved import ORDER, SALE, TO_SHOP, TO_TILL, chain, move

from brygga.core.report import Code
from brygga.core.stock import SUSPENDED, Gap, Ledger, PendingWrite, Side, StockRecord
from brygga.core.stock.movement import Cause, Movement, Reason
from brygga.web.i18n import LANGUAGES, Language, words
from brygga.web.lines import spoken
from brygga.web.moves import event_view, folded, move_view
from brygga.web.stock_view import headline, record_view, signed


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


ORDERS = re.compile(
    r"order|cancel|refund|return|avbok|återbetal|retur|ordre|tilau|bestell", re.IGNORECASE
)


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

    assert not re.search(r"%\(|why\.|record\.|  ", " ".join(told_))
    assert all(len(line) > 8 for line in told_)
    assert language != "en" or says in told_[0]
