"""Traces by OpenTelemetry: off, and without cost, until `configure` is called.

One trace leads from a webhook over the work item that it caused to the write on the other side. A
work item carries the context of the span in which it was added. A span has names of ours and
numbers: no body, no query, no secret, and paths only as templates.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

MISSING: Final = "OpenTelemetry is not installed: pip install 'brygga[otel]'"
Fact = str | int | float | bool


class Span(Protocol):
    def set_attribute(self, key: str, value: Any) -> None: ...


class _Nothing:
    def set_attribute(self, key: str, value: Any) -> None:
        return


NOTHING: Final = _Nothing()
_OFF: Final = nullcontext(NOTHING)


class NotInstalled(Exception):
    """The extra `otel` is not installed."""


def _nothing() -> None:
    return


class _On:
    tracer: "Tracer | None" = None
    close: Callable[[], None] = staticmethod(_nothing)


def configure(exporter: "SpanExporter | None" = None, *, at_once: bool = False) -> None:
    """Switches traces on for this process. Without an exporter, spans go by OTLP over HTTP to where
    the standard settings say (`OTEL_EXPORTER_OTLP_ENDPOINT` and its fellows). `at_once` sends each
    span when it ends. Raises `NotInstalled`.
    """
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
            BatchSpanProcessor,
            SimpleSpanProcessor,
        )

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )

            exporter = OTLPSpanExporter()
    except ModuleNotFoundError:
        raise NotInstalled(MISSING) from None
    resource = Resource.create()
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "brygga"}))
    provider = TracerProvider(resource=resource)
    process = SimpleSpanProcessor if at_once else BatchSpanProcessor
    provider.add_span_processor(process(exporter))
    _On.tracer, _On.close = provider.get_tracer("brygga"), provider.shutdown


def stop() -> None:
    """Sends what is left. No span is made any more."""
    _On.close()
    _On.tracer, _On.close = None, _nothing


def is_on() -> bool:
    """Whether facts of a span are worth the work of finding them."""
    return _On.tracer is not None


def span(
    name: str, carried: str = "", also: Sequence[str] = (), **facts: Fact
) -> AbstractContextManager[Span]:
    """A span around the block, below the span around it, or below the one that `carried` names.
    `also`: contexts of other spans that led here.
    """
    return _OFF if _On.tracer is None else _span(_On.tracer, name, carried, also, facts)


@contextmanager
def _span(
    tracer: "Tracer", name: str, carried: str, also: Sequence[str], facts: dict[str, Fact]
) -> Iterator[Span]:
    from opentelemetry import trace  # noqa: PLC0415

    others = [trace.get_current_span(_context(one)) for one in dict.fromkeys(also)]
    contexts = [other.get_span_context() for other in others]
    links = [trace.Link(context) for context in contexts if context.is_valid]
    given = {key.replace("_", "."): value for key, value in facts.items()}
    with tracer.start_as_current_span(
        name, _context(carried) if carried else None, attributes=given, links=links
    ) as made:
        yield made


def _context(carried: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    return TraceContextTextMapPropagator().extract({"traceparent": carried})


def carried() -> str:
    """The context of the span around the caller, as a work item carries it (W3C traceparent). ""
    without one.
    """
    if _On.tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return found.get("traceparent", "")


_ID: Final = re.compile(r"^(?:\d+|(?=.*\d)[0-9a-zA-Z._-]{12,})$")


def template(path: str) -> str:
    """The path without the ids in it: `/stores/{}/v3/catalog/products/{}`."""
    parts = path.split("/")
    return "/".join(
        "{}" if _ID.match(part) or (number and parts[number - 1] == "stores") else part
        for number, part in enumerate(parts)
    )
