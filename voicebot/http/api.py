"""The JSON API as django-ninja knows it: which operations there are, and the description of them.

`scripts/openapi.py` writes the description to docs/openapi.json.
"""

from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest
from django.urls import URLPattern, path
from ninja import NinjaAPI, Router
from ninja.errors import ValidationError

from sessions_app.exceptions import BadRequest
from voicebot.http import memories_api, probes, schemas, sessions_api, start
from voicebot.http.calls import offers
from voicebot.http.json_api import json_api
from voicebot.http.keys import auth, events_api


class JsonApi(NinjaAPI):
    def get_content_type(self) -> str:
        return "application/json"  # JSON is UTF-8 and has no charset (RFC 8259, section 11)


api = JsonApi(
    title="Greenroom",
    version="1",
    description="The way into conversations, and a visitor's own. "
    'Errors are {"error": {"code", "message"}}.',
    openapi_url=None,
    docs_url=None,
    openapi_extra={"info": {"license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"}}},
)
index = Router()


@index.get(
    "/",
    url_name="api",
    operation_id="describe",
    summary="This description, in OpenAPI 3.1",
    response={200: dict[str, Any]},
)
async def describe(request: HttpRequest) -> dict[str, Any]:
    return description()


ROUTERS = (
    index,
    start.router,
    offers.router,
    sessions_api.router,
    memories_api.router,
    events_api.router,
)
for router in ROUTERS:
    api.add_router("/api", router)
api.add_router("", probes.described)


@api.exception_handler(Exception)
def _pass_on(request: HttpRequest, error: Exception) -> NoReturn:
    """Errors become answers in `json_api`, and nowhere else."""
    raise error


@api.exception_handler(ValidationError)
def _bad_request(request: HttpRequest, error: ValidationError) -> NoReturn:
    raise BadRequest(schemas.sentence(tuple(error.errors[0]["loc"])[1:])) from error


def description() -> dict[str, Any]:
    """The OpenAPI description of all this."""
    found = dict(api.get_openapi_schema(path_prefix=""))
    found["components"] = {**found["components"], "securitySchemes": auth.SCHEMES}
    return found


def routes() -> Iterator[URLPattern]:
    """Where the operations are, each behind `json_api`; the probes are plain views."""
    methods = {
        view.operations[0].url_name: [method for operation in view.operations for method in operation.methods]
        for router in ROUTERS
        for view in router.path_operations.values()
    }
    found, _, _ = api.urls
    for pattern in found:
        if isinstance(pattern, URLPattern) and pattern.name in methods:
            view = json_api(*methods.pop(pattern.name))(pattern.callback)
            route = str(pattern.pattern).replace("<uuidstr:", "<uuid:")  # Django's own converter
            yield path(route, view, name=pattern.name)
