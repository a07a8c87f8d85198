"""What an operator sees: metrics that dashboards ask for, logs with ids, traces without words."""

import asyncio
import gzip
import http.server
import json
import re

import pytest

from tests.servers import ROOT, listening
from tests.visitors import Visitor


def test_every_metric_that_dashboard_and_alerts_ask_for_is_there(server):
    known = server.request("/metrics").body.decode()
    asked = (ROOT / "deploy/grafana/greenroom.json").read_text() + (
        ROOT / "deploy/prometheus/alerts.yml"
    ).read_text()
    names = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"greenroom_\w+", asked)}
    assert names
    assert [name for name in names if f"# TYPE {name} " not in known] == []


def test_no_metric_has_a_label_that_a_visitor_chooses(server):
    for path in ("/talk/no-such-character-zanzibar/", "/api/sessions?q=zanzibar"):
        server.request(path, **{"X-Request-ID": "zanzibar-zanzibar"})
    assert "zanzibar" not in server.request("/metrics").body.decode()


async def test_json_logs_carry_both_ids_and_no_word(own_server):
    server = await asyncio.to_thread(own_server, LOG_FORMAT="json", LOG_LEVEL="DEBUG")
    answer = await asyncio.to_thread(
        server.request, "/api/start", {"body": {"character": "nobody"}}, **{"X-Request-ID": "req-12345678"}
    )
    assert answer.headers["X-Request-ID"] == "req-12345678"
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await visitor.ask()
    lines = [json.loads(line) for line in server.words().splitlines() if line.startswith("{")]
    assert any(line.get("request") == "req-12345678" for line in lines)
    assert any(line.get("session") == session for line in lines)
    assert "scripted reply" not in server.words()


def test_a_request_id_that_is_none_is_replaced(server):
    given = server.request("/healthz", **{"X-Request-ID": "a b\tc"}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", given)


def test_spans_leave_without_a_word():
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from voicebot.ops import tracing

    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(tracing.discreet(kept)))
    with provider.get_tracer("t").start_as_current_span("llm") as span:
        span.set_attributes({"input": "zanzibarquince", "output": "zanzibarquince", "metrics.ttfb": 0.2})
        span.add_event("zanzibarquince", {"text": "zanzibarquince"})
        span.record_exception(ValueError("zanzibarquince"))
    (left,) = kept.get_finished_spans()
    assert left.attributes == {"metrics.ttfb": 0.2}
    assert "zanzibarquince" not in left.to_json()


async def test_spans_of_a_conversation_reach_a_collector_without_a_word(own_server):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    came: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with listening(Collector) as collector:
        server = await asyncio.to_thread(
            own_server, OTEL_EXPORTER_OTLP_ENDPOINT=collector, OTEL_BSP_SCHEDULE_DELAY="200"
        )
        url, _ = await asyncio.to_thread(server.start_session)
        async with Visitor(url) as visitor:
            session = (await visitor.get_ready())["id"]
            await visitor.ask()

        def spans() -> list:
            requests = [ExportTraceServiceRequest.FromString(body) for body in came]
            return [
                span
                for request in requests
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]

        async with asyncio.timeout(20):
            while not {"conversation", "turn"} <= {span.name for span in spans()}:
                await asyncio.sleep(0.1)
    (conversation,) = [span for span in spans() if span.name == "conversation"]
    assert {a.key: a.value.string_value for a in conversation.attributes}["conversation.id"] == session
    for said in (b"hello there", b"scripted", b"Ahoy", b"dragon"):
        assert said not in b"".join(came)


@pytest.mark.django_db
def test_a_guesser_of_passwords_waits(client, settings, django_user_model):
    django_user_model.objects.create_superuser("admin", "", "right-password")
    for _ in range(settings.LOGIN_FAILURES):
        client.post("/admin/login/", {"username": "admin", "password": "wrong"})
    answer = client.post("/admin/login/", {"username": "admin", "password": "right-password"})
    assert answer.status_code == 429
    client.post("/admin/login/", {"username": "another", "password": "wrong"})


def test_redis_configurations():
    from config import redis

    plain = redis.caches("rediss://u:p@h:6380/1", "", '{"ssl_ca_certs": "/ca.pem"}')["default"]
    assert plain["LOCATION"] == "rediss://u:p@h:6380/1"
    how = plain["OPTIONS"]["CONNECTION_POOL_KWARGS"]
    assert how["ssl_ca_certs"] == "/ca.pem"
    assert how["socket_timeout"] == redis.REDIS_SECS, "nobody waits long for one that is frozen"
    sentinel = redis.caches("redis://house/0", "a:26379,b:26380", "")["default"]["OPTIONS"]
    assert sentinel["SENTINELS"] == [("a", 26379), ("b", 26380)]
    (host,) = redis.channel_layers("redis://house/2", "a:26379", "")["default"]["CONFIG"]["hosts"]
    assert (host["master_name"], host["db"], host["sentinels"]) == ("house", 2, [("a", 26379)])
    cluster = redis.channel_layers("redis://a:1,redis://b:2", "", "")["default"]["CONFIG"]["hosts"]
    assert [entry["address"] for entry in cluster] == ["redis://a:1", "redis://b:2"]
