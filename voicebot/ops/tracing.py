"""OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says where to: Pipecat's own spans, without their words.

Pipecat writes what was said into its spans. What leaves here are names, times and the attributes of a short
list; everything else, events and status messages included, is dropped before the exporter sees it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

KEPT_ATTRIBUTES = frozenset(
    {
        "conversation.id",
        "conversation.type",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.system",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "metrics.character_count",
        "metrics.ttfb",
        "turn.duration_seconds",
        "turn.number",
        "turn.user_bot_latency_seconds",
        "turn.was_interrupted",
    }
)


def enabled() -> bool:
    return bool(settings.TRACES_ENDPOINT)


def discreet(exporter: "SpanExporter") -> "SpanExporter":
    """`exporter`, given spans without a word of anybody's."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import Status

    class Discreet(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([bare(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

    def bare(span: ReadableSpan) -> ReadableSpan:
        kept = {name: value for name, value in (span.attributes or {}).items() if name in KEPT_ATTRIBUTES}
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=kept,
            kind=span.kind,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    return Discreet()


def set_up() -> None:
    """Begins to export, if asked to. Raises ImportError with what to install."""
    if not enabled():
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ImportError("Traces need the extra `tracing`: pip install 'greenroom[tracing]'.") from error
    from pipecat.utils.tracing.setup import setup_tracing

    setup_tracing("greenroom", exporter=discreet(OTLPSpanExporter()))
