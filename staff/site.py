"""The admin's site: Unfold's, with limited logins and re-authentication."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.i18n import JavaScriptCatalog
from unfold.sites import UnfoldAdminSite

from staff import audit
from staff.factors import Purpose, passkeys
from staff.login import confirmation, device_cookie, login_limits, logins
from staff.pages import account_urls, forms, second_factor_pages


def _wait(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """429 where the password was not looked at."""
    if wait_secs := getattr(request, "login_wait_secs", 0):
        response.status_code = 429
        response["Retry-After"] = str(wait_secs)
    return response


class StaffSite(UnfoldAdminSite):
    login_form = forms.SignInForm

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("confirm/", self.admin_view(self.confirm), name="confirm"),
            *account_urls.patterns(self, self.admin_view),
        ]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        wrapped: Callable[..., Any] = super().admin_view(confirmation.confirmed(view), cacheable)
        return wrapped

    def i18n_javascript(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """The words of the admin's scripts: Django's own, and those of the desk and the staff's pages."""
        return JavaScriptCatalog.as_view(packages=["django.contrib.admin", "characters"])(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().login(request, extra_context)
        if request.method == "POST" and request.user.is_authenticated:
            device_cookie.remember(response, login_limits.hash_of(request.user.get_username()))
        return _wait(request, response)

    def confirm(self, request: HttpRequest) -> HttpResponse:
        """Asks for a passkey, or for the password again, then goes on to `?next=`.

        A passkey is enough: it is something that its owner has, and has verified them.
        """
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        refused, by_passkey = "", "passkey" in request.POST
        form = forms.ConfirmForm(request, None if by_passkey else request.POST or None)
        if by_passkey:
            if second_factor_pages.accepts(request, Purpose.CONFIRM):
                return self._confirmed(request, target, by="passkey")
            refused = second_factor_pages.passkey_refused()
        elif request.method == "POST":
            if form.is_valid():
                return self._confirmed(request, target, by="password")
            audit.record("confirmation_failed", request)
        context = {
            **self.each_context(request),
            "title": _("Confirm that it is you"),
            "form": form,
            "refused": refused,
            "passkeys": passkeys.usable(request),
        }
        return _wait(request, TemplateResponse(request, "staff/confirm.html", context))

    def _confirmed(self, request: HttpRequest, target: str, by: str) -> HttpResponse:
        logins.note_confirmed(request.session)
        request.session.cycle_key()
        audit.record("confirmed", request, by=by)
        return HttpResponseRedirect(target)
