"""How the HTTP side reads JSON and answers: errors become JSON in this one place."""

import functools
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja.params.models import Body, BodyModel

from characters.text import cleaned_json
from sessions_app.exceptions import (
    BadRequest,
    OriginRefused,
    PlainText,
    SessionError,
    Unavailable,
)
from sessions_app.shared_cache import AWAY
from voicebot.connection import origins
from voicebot.ops import metrics
from voicebot.runtime import of_request

log = logging.getLogger(__name__)

View = Callable[..., Awaitable[HttpResponseBase]]


def refusal(request: HttpRequest, error: SessionError) -> JsonResponse:
    metrics.refusals.labels(str(error.status), error.code).inc()
    of_request(request).refusals.note("api", error)
    answer = JsonResponse({"error": {"code": error.code, "message": str(error)}}, status=error.status)
    if error.retry_after_secs:
        answer["Retry-After"] = str(error.retry_after_secs)
    return answer


def bearer_of(request: HttpRequest) -> str:
    """The session's secret or API key in `Authorization: Bearer`; '' without one."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in a request's body, {} for an empty one. Raises BadRequest.

    How many bytes it may have was decided before it was read: see `greenroom.http.body_limit`.
    """
    try:
        raw = request.body
    except (RawPostDataException, OSError) as error:
        raise BadRequest from error
    if not raw:
        return {}
    try:
        body = cleaned_json(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise BadRequest("The body is a JSON object.")
    return body


class _ObjectModel(BodyModel):
    @classmethod
    def get_request_data(cls, request: HttpRequest, api: Any, path_params: Any) -> dict[str, Any]:
        return {cls.__read_from_single_attr__: body_of(request)}


class JsonObject(Body):  # type: ignore[misc]  # as every parameter of django-ninja's
    """The body as a parameter of a django-ninja operation, read by `body_of`."""

    _model = _ObjectModel

    @classmethod
    def _param_source(cls) -> str:
        return "body"


def _forget_who_asks(request: HttpRequest) -> None:
    """Takes cookie and account out of a request of another page: there only secrets and API keys count."""

    async def nobody() -> AnonymousUser:
        return AnonymousUser()

    request.COOKIES = {}
    request.user = AnonymousUser()
    request.auser = nobody


def json_api(*methods: str) -> Callable[[View], Any]:
    """A view of the JSON API: checks method and origin, answers errors as JSON, and allows CORS.

    The Origin check stands in for CSRF tokens, which clients on other pages cannot have. What a cookie or an
    account gives is for our own pages only.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        async def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            origin = request.headers.get("Origin")
            if settings.REQUIRE_TLS and not request.is_secure():
                return refusal(request, PlainText())
            ours = origins.is_ours(request)
            try:
                if not await origins.may_come_in(origin, origins.own_of(request)):
                    return refusal(request, OriginRefused())
            except (DatabaseError, *AWAY):
                return refusal(request, Unavailable())
            if not ours:
                _forget_who_asks(request)
            if request.method == "OPTIONS":
                answer: HttpResponseBase = HttpResponse(status=204)
                answer["Access-Control-Allow-Methods"] = ", ".join(methods)
                answer["Access-Control-Allow-Headers"] = "Content-Type, Authorization"
                answer["Access-Control-Max-Age"] = "600"
            elif request.method not in methods:
                answer = JsonResponse(
                    {"error": {"code": "method", "message": f"Use {' or '.join(methods)} here."}}, status=405
                )
                answer["Allow"] = ", ".join(methods)
            else:
                try:
                    answer = await view(request, *args, **kwargs)
                except SessionError as error:
                    answer = refusal(request, error)
                except (DatabaseError, *AWAY):  # whoever has found out has said so in the log
                    answer = refusal(request, Unavailable())
            if origin:
                answer["Access-Control-Allow-Origin"] = origin
                answer["Vary"] = "Origin"
            if not ours:
                answer.cookies.clear()
            answer["Cache-Control"] = "no-store"
            return answer

        return csrf_exempt(wrapper)

    return decorate
