"""Re-authentication: whoever is signed in shows again who they are, before keys, people, words and erasure.

ASVS 5.0, 7.5.1 and 7.5.3. It covers whole parts of the admin by the names of their routes, so that a view
that is added to one of them is covered, too.
"""

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from staff.login import logins

# All views of these models and of accounts, but not the bare list of what there is.
MODELS = (
    "sessions_app_apikey",
    "sessions_app_eventendpoint",
    "voicebot_providerprofile",
    "voicebot_sealedheader",
    "voicebot_toolserver",
    "auth_group",
    "staff_authenticator",
    "staff_passkey",
)
ROUTES = ("sessions_app_voicesession_transcript", "password_change")
SIGN_IN_PAGES = ("account", "second_factor_setup")  # and all under them: what somebody signs in with
ERASING = "erase_sessions"  # an action on the list of sessions
SESSIONS = "sessions_app_voicesession_changelist"
SAFE = ("GET", "HEAD", "OPTIONS")
View = Callable[..., Any]


def is_needed(request: HttpRequest) -> bool:
    """Whether what is asked for is for somebody who has just shown who they are."""
    name = (request.resolver_match.url_name if request.resolver_match else "") or ""
    if name == SESSIONS:
        return request.POST.get("action") == ERASING
    if name.endswith("_changelist") and request.method in SAFE:
        return False
    account = get_user_model()._meta
    models = (*MODELS, f"{account.app_label}_{account.model_name}")
    return name in ROUTES or name.startswith((*SIGN_IN_PAGES, *(f"{model}_" for model in models)))


def confirmed(view: View) -> View:
    """A view of the admin that is reached after the confirmation only, where one is needed."""

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_needed(request) or logins.is_confirmed(request.session):
            answer: HttpResponseBase = view(request, *args, **kwargs)
            return answer
        if request.method not in SAFE:
            messages.warning(request, _("Nothing was changed: confirm that it is you, then do it again."))
        back = request.get_full_path() if request.method in SAFE else request.path
        return redirect(f"{reverse('admin:confirm')}?{urlencode({'next': back})}")

    return wrapper
