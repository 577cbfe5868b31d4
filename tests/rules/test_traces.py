"""One trace leads from a webhook to the write on the other side; off, there is none."""

from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from brygga import setting_texts, settings, traces
from tests.log_watch import secrets_of
from tests.rules.stack import SECRET, DemoStack


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.configure(exporter, at_once=True)
    yield exporter
    traces.stop()


def facts(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def way_to(found: Sequence[ReadableSpan], span: ReadableSpan) -> list[ReadableSpan]:
    """From the trace's root to this span."""
    by_id = {one.context.span_id: one for one in found if one.context is not None}
    way = [span]
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        way.insert(0, span)
    return way


@pytest.mark.rule("S2", "S3")
async def test_one_trace_leads_from_a_webhook_to_the_write(
    home: DemoStack, spans: InMemorySpanExporter
) -> None:
    mug = home.add("Mugg", stock=9)
    await home.connect()
    spans.clear()

    home.till.sell(home.variant(mug), 2)
    await home.calm()
    found = spans.get_finished_spans()
    call = "/api/stores/{}/v3/inventory/adjustments/relative"
    (write,) = [one for one in found if facts(one).get("url.template") == call]
    way = way_to(found, write)

    assert ["page POST", "work stock", "bigcommerce POST"] == [one.name for one in way]
    assert "/hooks/zettle/{hook_key:str}" == facts(way[0])["http.route"]
    assert 200 == facts(write)["http.response.status_code"]
    assert "turn" in {one.name for one in found}
    assert [(7, 7)] == home.levels(mug)


async def test_a_span_holds_no_secret_no_id_of_a_product_and_no_query(
    home: DemoStack, spans: InMemorySpanExporter
) -> None:
    mug = home.add("Mugg", stock=9)
    await home.connect()
    home.till.edit_product(mug, name="Kopp")
    await home.calm()
    all_of_them = spans.get_finished_spans()
    text = " ".join(f"{one.name} {facts(one)} {one.events}" for one in all_of_them)
    secrets = {SECRET, *await secrets_of(home.sandbox, home.service.database)}
    store = home.sandbox.merchant.store_hash

    assert "zettle GET" in text
    assert [] == [one for one in (*secrets, mug, store, "Kopp", "?") if one in text]


async def test_without_it_nothing_is_carried(home: DemoStack) -> None:
    home.add("Mugg", stock=9)
    await home.connect()

    with traces.span("page POST") as span:
        span.set_attribute("a", 1)
        assert "" == traces.carried()
    assert traces.span("one") is traces.span("other"), "no object is made"


UUID = "56c1a013-162f-11f1-8e66-351869b00e66"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/stores/abc123/v3/catalog/products/77", "/stores/{}/v3/catalog/products/{}"),
        (f"/organizations/self/products/v2/{UUID}", "/organizations/self/products/v2/{}"),
        (f"/v3/stock/{UUID}/products", "/v3/stock/{}/products"),
        ("/stores/abc123/v3/inventory/items", "/stores/{}/v3/inventory/items"),
    ],
)
def test_a_path_keeps_its_words_and_loses_its_ids(path: str, template: str) -> None:
    assert template == traces.template(path)


def test_traces_are_off_unless_set_and_a_wrong_word_is_one_line() -> None:
    with pytest.raises(settings.SettingsWrong, match="BRYGGA_TRACES is wrong: expected otlp"):
        settings.read({"BRYGGA_TRACES": "jaeger"})


def test_without_the_extra_the_setting_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(setting_texts, "find_spec", lambda _: None)

    with pytest.raises(settings.SettingsWrong, match=r"pip install 'brygga\[otel\]'"):
        settings.read({"BRYGGA_TRACES": "otlp"})
