"""`brygga bench`: its figures are what they say."""

import asyncio
import json

import pytest

from brygga.cli import commands, demo_stack
from brygga.cli.bench import main_names
from brygga.cli.benching import ingesting, spans, trading
from brygga.cli.benching.figures import as_json, as_text, at_least, at_most, percentile
from brygga.cli.benching.spans import Names, Received, Sent
from brygga.cli.benching.syncing import SMALL

PRODUCT = "11111111-0000-1000-8000-000000000001"
NAMES = Names({"key": 7, "abc": 7, "Bearer t": 7}, {(7, "variant_id", 40): PRODUCT})


def test_a_figure_says_whether_its_aim_is_met() -> None:
    met, missed = at_most("a", 1.0, "s", 2), at_least("b", 0.5, "of it", 0.85, 1)

    assert (True, False, None) == (met.met, missed.met, at_most("c", 3, "s").met)
    assert as_text(missed).endswith("NOT MET")
    assert {"name", "value", "unit", "aim", "limit", "met"} == set(json.loads(as_json([met]))[0])


def test_a_percentile_is_one_of_the_values() -> None:
    assert (0.0, 3, 100) == (
        percentile([], 0.5), percentile([5, 1, 3], 0.5), percentile(range(101), 0.99) + 1
    )  # fmt: skip


def test_no_time_is_met_where_nothing_was_written() -> None:
    none = trading.timed("order", {"order": [], "count": 5}, (20, 100))
    some = trading.timed("sale", {"sale": [(90.0, 7.0)] * 4, "count": 5}, (15, 60))

    assert [("order.written", 0, False)] == [(one.name, one.value, one.met) for one in none]
    assert [True, True, False] == [one.met for one in some]
    assert [False] == [one.met for one in trading.near_ours([])]
    assert [("fairness.written", False)] == [(one.name, one.met) for one in trading.fair([], 5)]
    assert [True, False] == [one.met for one in trading.fair([7.0] * 4, 5)]


def test_the_platforms_own_time_is_not_ours() -> None:
    """Reads that overlap count once, and only between the webhook and the write."""
    body = json.dumps({"payload": json.dumps({"productUuid": PRODUCT})}).encode()
    received = [Received(10.0, "zettle", "key", body), Received(10.1, "zettle", "key", body)]
    write = json.dumps({"items": [{"variant_id": 40, "quantity": -1}]}).encode()
    sent = [
        Sent(9.0, 10.01, "zettle", "Bearer t", False, b""),
        Sent(10.2, 10.5, "bigcommerce", "abc", False, b""),
        Sent(10.3, 10.6, "zettle", "Bearer t", False, b""),
        Sent(10.7, 10.9, "bigcommerce", "abc", True, write),
    ]

    ((whole, own),) = spans._paired(received, sent, NAMES, "zettle", "bigcommerce")

    assert [700, 290] == pytest.approx([whole, own])


def test_a_write_of_another_product_answers_nothing() -> None:
    body = json.dumps({"productUuid": PRODUCT}).encode()
    other = json.dumps({"items": [{"variant_id": 41, "quantity": -1}]}).encode()
    received = [Received(10.0, "zettle", "key", body)]
    sent = [Sent(10.7, 10.9, "bigcommerce", "abc", True, other)]

    assert [] == spans._paired(received, sent, NAMES, "zettle", "bigcommerce")


def test_what_we_wrote_ourselves_is_no_order() -> None:
    """The store reports our own write of a sale too. An order a moment later waits from its own
    webhook on.
    """
    hooks = [
        Received(at, "bigcommerce", "key", json.dumps(body).encode())
        for at, body in (
            (10.2, {"scope": "store/sku/inventory/updated", "data": {"variant_id": 40}}),
            (11.6, {"scope": "store/sku/inventory/order/updated", "data": {"variant_id": 40}}),
        )
    ]
    write = json.dumps({"productUuid": PRODUCT}).encode()
    sent = [Sent(11.8, 11.9, "zettle", "Bearer t", True, write)]

    ((whole, own),) = spans._paired(hooks, sent, NAMES, "bigcommerce", "zettle")

    assert [200, 200] == pytest.approx([whole, own])


def test_names_beside_the_table_bring_their_measure() -> None:
    assert ["sale", "ingest"] == list(main_names(["order", "ingest", "sale"]))


def test_an_unknown_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.run(["bench", "--only", "nothing"])

    assert "first_sync" in capsys.readouterr().err


@pytest.mark.slow
def test_webhooks_are_measured_and_none_is_lost() -> None:
    """In processes of their own; the server is killed in the middle."""
    with demo_stack.throwaway_database() as url:
        figures = {each.name: each for each in asyncio.run(ingesting.ingest(url, SMALL, 0.0))}

    assert 0 == figures["ingest.lost"].value
    assert figures["ingest.lost"].met
    assert figures["ingest.zettle"].value > 0
    assert figures["ingest.bigcommerce"].value > 0
