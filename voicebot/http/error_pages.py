"""Pages for what cannot be shown: in our look and the visitor's language, with a way home; JSON under /api/.

They ask nobody: no database, no session, no request context, which may be what has failed.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from characters.exceptions import CharacterNotFound
from sessions_app.exceptions import BadRequest, Forbidden, SessionError, SessionNotFound, TooLarge, Unforeseen
from voicebot.http.json_api import refusal

HOST_CHARACTERS = 253  # of a name (RFC 1035)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def in_visitors_language(view: View[P]) -> View[P]:
    """Also where the middleware that sees to it has not run, or has ended already."""

    @wraps(view)
    def translated(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            return view(request, *args, **kwargs)

    return translated


def answer(request: HttpRequest, error: SessionError, template: str, context: dict[str, Any]) -> HttpResponse:
    """An error in the form of all errors under /api/, as a page of ours elsewhere."""
    if request.path.startswith(reverse("start").removesuffix("start")):
        return refusal(request, error)
    page = HttpResponse(render_to_string(template, context), status=error.status)
    page["Cache-Control"] = "no-store"
    if error.retry_after_secs:
        page["Retry-After"] = str(error.retry_after_secs)
    return page


def _answer(request: HttpRequest, error: SessionError, title: str, text: str) -> HttpResponse:
    return answer(request, error, "greenroom/error.html", {"title": title, "text": text})


@in_visitors_language
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400. A host that is refused is told which setting lets it in: whoever runs the place
    comes by an address of the machine that it does not know yet."""
    title, text = _("That request makes no sense"), _("Go back and try it another way.")
    if isinstance(exception, DisallowedHost):
        title = _("This server does not know itself by that name")
        host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
        shown = host if 0 < len(host) <= HOST_CHARACTERS else _("its name")  # nothing else is repeated
        text = _("Whoever runs it adds %(host)s to ALLOWED_HOSTS and starts it again.") % {"host": shown}
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        title = _("That is more than can be sent at once")
        most = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        text = _(
            "A form may have %(most)s of text. Nothing was saved, and nothing is lost: "
            "go back with your browser, shorten it, and save again."
        )
        text %= {"most": most}
        return _answer(request, TooLarge(f"{title}. {text}"), title, text)
    return _answer(request, BadRequest(f"{title}. {text}"), title, text)


@in_visitors_language
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    text = _("This is not for everybody. If it is for you, sign in, or ask whoever runs this place.")
    return _answer(request, Forbidden(text), _("Not from here"), text)


@in_visitors_language
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    text = _("The page was open for too long, or this browser keeps no cookies. Load it again.")
    return _answer(request, Forbidden(text), _("Once more, please"), text)


@in_visitors_language
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    title, text = _("There is nothing at this address"), _("It may have been moved, or mistyped.")
    if isinstance(exception, Http404) and isinstance(exception.__cause__, CharacterNotFound):
        title, text = _("Not on stage"), _("This character is not here, or not any more.")
    return _answer(request, SessionNotFound(f"{title}."), title, text)


@in_visitors_language
def server_error(request: HttpRequest) -> HttpResponse:
    """For Django's handler500. The cause is in the log, and nowhere else."""
    title, text = _("Something went wrong here"), _("It is not your fault. Come back in a moment.")
    return _answer(request, Unforeseen(), title, text)
