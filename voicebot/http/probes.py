"""What operators' machines ask a process: whether it is alive, whether it can serve, and its metrics."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import Router
from prometheus_client import CONTENT_TYPE_LATEST

from sessions_app.network import comes_from_within
from voicebot.ops import metrics, readiness
from voicebot.runtime import of_request

described = Router()  # in the OpenAPI description; the views are served as they are, to any method


@described.get("/healthz", operation_id="healthz", summary="The process is alive", response={200: None})
async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


@described.get(
    "/readyz",
    operation_id="readyz",
    summary="The process can serve; or what is missing, a line each",
    response={200: None, 503: None},
)
async def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: 200, or 503; either with what it cannot reach, one thing a line.

    `?seats` asks whether it takes a new visitor, too.
    """
    process = of_request(request)
    found = await readiness.missing(
        process.capacity,
        models_loaded=process.models_loaded,
        unreachable=process.provider_watch.unreachable(),
        seats_too="seats" in request.GET,
    )
    ready = all(line.startswith(readiness.WITHOUT) for line in found)
    lines = ["ready", *found] if ready else found
    return HttpResponse(
        "".join(f"{line}\n" for line in lines),
        status=200 if ready else 503,
        content_type="text/plain",
        headers={"X-Seats-Taken": str(process.admitted_connections)} if comes_from_within(request) else {},
    )


@require_safe
async def metrics_page(request: HttpRequest) -> HttpResponse:
    """GET /metrics, in Prometheus's text format: for collectors in our own networks, past any proxy."""
    if not comes_from_within(request):
        raise Http404
    return HttpResponse(await metrics.text(of_request(request)), content_type=CONTENT_TYPE_LATEST)
