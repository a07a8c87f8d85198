"""Requests that docs/openapi.json allows, and others, against a running server: answers are as described."""

import json
import re

import schemathesis
from django.urls import get_resolver
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.servers import ROOT
from voicebot.http.api import description

DESCRIPTION = json.loads((ROOT / "docs" / "openapi.json").read_text())
schema = schemathesis.openapi.from_dict(DESCRIPTION)
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@schema.exclude(path_regex="^/(healthz|readyz)$").parametrize()
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_answer_is_as_described(case, server):
    case.call_and_validate(base_url=server.url, checks=CHECKS, timeout=20)


def test_the_description_is_as_the_code_is():
    assert json.loads(json.dumps(description())) == DESCRIPTION, "docs/openapi.json: make docs"


def test_every_route_of_the_api_is_described():
    described = {re.sub(r"\{(\w+_id)\}", r"<uuid:\1>", path).lstrip("/") for path in DESCRIPTION["paths"]}
    for pattern in get_resolver().url_patterns:
        for route in getattr(pattern, "url_patterns", [pattern]):
            found = str(route.pattern)
            if found.startswith("api/") or found in ("healthz", "readyz"):
                assert found in described, found
