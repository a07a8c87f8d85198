"""How the HTTP side reads JSON and answers: errors become JSON in this one place."""

import functools
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt

from sessions_app.exceptions import BadRequest, OriginRefused, SessionError, TooLarge
from voicebot import metrics, origins

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024  # bytes
View = Callable[..., Awaitable[HttpResponse]]


def refusal(error: SessionError) -> JsonResponse:
    metrics.refusals.labels(str(error.status), error.code).inc()
    answer = JsonResponse({"error": {"code": error.code, "message": str(error)}}, status=error.status)
    if error.retry_after_secs:
        answer["Retry-After"] = str(error.retry_after_secs)
    return answer


def bearer_of(request: HttpRequest) -> str:
    """The session's token or API key in `Authorization: Bearer`; '' without one."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in a request's body, {} for an empty one. Raises BadRequest or TooLarge."""
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError as error:
        raise BadRequest("The Content-Length is not a number.") from error
    if length > MAX_BODY:
        raise TooLarge(f"A request may have {MAX_BODY} bytes.")
    try:
        raw = request.body
    except (RawPostDataException, OSError) as error:
        raise BadRequest from error
    if len(raw) > MAX_BODY:
        raise TooLarge(f"A request may have {MAX_BODY} bytes.")
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise BadRequest("The body is a JSON object.")
    return body


def json_api(*methods: str) -> Callable[[View], Any]:
    """A view of the JSON API: checks method and origin, answers errors as JSON, and allows CORS.

    The Origin check stands in for CSRF tokens, which clients on other pages cannot have.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        async def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            origin = request.headers.get("Origin")
            if not await origins.may_come_in(origin, request.get_host()):
                return refusal(OriginRefused())
            if request.method == "OPTIONS":
                answer = HttpResponse(status=204)
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
                    answer = refusal(error)
            if origin:
                answer["Access-Control-Allow-Origin"] = origin
                answer["Access-Control-Allow-Credentials"] = "true"
                answer["Vary"] = "Origin"
            answer["Cache-Control"] = "no-store"
            return answer

        return csrf_exempt(wrapper)

    return decorate
