"""The pages on which a second factor is shown and set up."""

from typing import Any, Protocol

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from staff import audit
from staff.factors import Purpose, passkeys, second_factor
from staff.pages.forms import CodeForm, PasskeyNameForm, wrong_code


class Site(Protocol):
    def each_context(self, request: HttpRequest) -> dict[str, Any]: ...


def passkey_refused() -> str:
    return _("That passkey was not accepted. Try again, or show something else.")


def show(site: Site, request: HttpRequest) -> HttpResponse:
    """Asks for a passkey, a code of the authenticator, or one for recovery."""
    if not second_factor.exists(request.user):
        return HttpResponseRedirect(reverse("admin:second_factor_setup"))
    by_passkey = "passkey" in request.POST
    form = CodeForm(None if by_passkey else request.POST or None)
    refused = ""
    if by_passkey:
        if accepts(request, Purpose.SHOW):
            return _go_on(request, by="passkey")
        refused = passkey_refused()
    elif request.method == "POST" and form.is_valid():
        if second_factor.show(request, form.cleaned_data["code"]):
            return _go_on(request, by="code")
        audit.record("second_factor_failed", request)
        form.add_error("code", wrong_code())
    context = {
        **site.each_context(request),
        "title": _("Second factor"),
        "form": form,
        "refused": refused,
        "passkeys": passkeys.usable(request),
        "authenticator": second_factor.authenticator_of(request.user),
    }
    return TemplateResponse(request, "staff/second_factor.html", context)


def accepts(request: HttpRequest, purpose: Purpose) -> bool:
    """Whether the passkey that this form brings is right."""
    try:
        second_factor.show_passkey(request, request.POST["passkey"], purpose)
    except passkeys.PasskeyRefused as error:
        audit.record("passkey_refused", request, at=purpose, reason=error.reason)
        return False
    return True


def _go_on(request: HttpRequest, by: str) -> HttpResponse:
    request.session.cycle_key()
    audit.record("second_factor_shown", request, by=by)
    return HttpResponseRedirect(reverse("admin:index"))


def options(request: HttpRequest, purpose: Purpose) -> HttpResponse:
    """What the browser is to ask a passkey, as JSON."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    try:
        if purpose is Purpose.REGISTER:
            # A password alone adds none beside what there is.
            if second_factor.missing(request) is second_factor.Missing.SHOWN:
                return JsonResponse({"error": "second_factor"}, status=403)
            return JsonResponse(passkeys.registration_options(request))
        return JsonResponse(passkeys.request_options(request, purpose))
    except passkeys.PasskeyRefused as error:
        return JsonResponse({"error": error.reason}, status=400)


def set_up(site: Site, request: HttpRequest) -> HttpResponse:
    """A QR code to scan and a code to prove it; then, for the first factor, the recovery codes."""
    if second_factor.missing(request) is second_factor.Missing.SHOWN:
        return HttpResponseRedirect(reverse("admin:second_factor"))
    if second_factor.authenticator_of(request.user):
        return HttpResponseRedirect(reverse("admin:index"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = second_factor.set_up(request, form.cleaned_data["code"])
        if codes is not None:
            request.session.cycle_key()
            audit.record("second_factor_set_up", request)
            return _added(site, request, codes)
        form.add_error("code", wrong_code())
    device = second_factor.prepared(request.user)
    url = device.config_url
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Set up a second factor"),
        "form": form,
        "qr": segno.make(url, micro=False).svg_data_uri(scale=5, border=3, light="white"),
        "key": dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))["secret"],
        "account_has_one": second_factor.exists(request.user),
        "passkeys_here": passkeys.relying_party(request) is not None,
    }
    return TemplateResponse(request, "staff/second_factor_setup.html", context)


def add_passkey(site: Site, request: HttpRequest) -> HttpResponse:
    """Keeps a passkey that the browser has made; then, for the first factor, the recovery codes."""
    if second_factor.missing(request) is second_factor.Missing.SHOWN:
        return HttpResponseRedirect(reverse("admin:second_factor"))
    if request.method != "POST":
        return HttpResponseRedirect(reverse("admin:account"))
    form = PasskeyNameForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    try:
        made, codes = second_factor.add_passkey(
            request, request.POST.get("passkey", ""), name or _("Passkey")
        )
    except passkeys.PasskeyRefused as error:
        audit.record("passkey_refused", request, at=Purpose.REGISTER, reason=error.reason)
        messages.error(request, _("That passkey was not accepted, and nothing was added. Try again."))
        return HttpResponseRedirect(reverse("admin:account"))
    request.session.cycle_key()
    audit.record("passkey_registered", request, id=made.pk)
    return _added(site, request, codes)


def _added(site: Site, request: HttpRequest, codes: list[str]) -> HttpResponse:
    if codes:
        return recovery_codes(site, request, codes)
    messages.success(request, _("It can be used from now on."))
    return HttpResponseRedirect(reverse("admin:account"))


def recovery_codes(site: Site, request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown this once."""
    context = {**site.each_context(request), "title": _("Recovery codes"), "codes": codes}
    return TemplateResponse(request, "staff/recovery_codes.html", context)
