"""The account page of staff: what they sign in with, and their other logins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django_otp.models import Device

from staff import audit
from staff.factors import passkeys, second_factor
from staff.login import logins
from staff.models import Passkey
from staff.pages.forms import PasskeyNameForm
from staff.pages.second_factor_pages import Site, recovery_codes


def account(site: Site, request: HttpRequest) -> HttpResponse:
    """Passkeys, the authenticator, recovery codes."""
    context = {
        **site.each_context(request),
        "title": _("Your account"),
        "passkeys": Passkey.objects.filter(user_id=request.user.pk, confirmed=True),
        "passkeys_here": passkeys.relying_party(request) is not None,
        "authenticator": second_factor.authenticator_of(request.user),
        "account_has_one": second_factor.exists(request.user),
        "codes_left": second_factor.codes_left(request.user),
    }
    return TemplateResponse(request, "staff/account.html", context)


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:account"))


def rename_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    passkey = get_object_or_404(Passkey, pk=pk, user_id=request.user.pk)
    form = PasskeyNameForm(request.POST or None)
    if form.is_valid() and form.cleaned_data["name"]:
        Passkey.objects.filter(pk=passkey.pk).update(name=form.cleaned_data["name"])
        messages.success(request, _("It has its new name."))
    return _back()


def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    passkey = get_object_or_404(Passkey, pk=pk, user_id=request.user.pk)
    return _remove(request, passkey, "passkey_removed") if request.method == "POST" else _back()


def remove_authenticator(request: HttpRequest) -> HttpResponse:
    device = second_factor.authenticator_of(request.user)
    if request.method != "POST" or device is None:
        return _back()
    return _remove(request, device, "authenticator_removed")


def _remove(request: HttpRequest, device: Device, event: str) -> HttpResponse:
    number = device.pk
    try:
        second_factor.remove(request, device)
    except second_factor.LastOne:
        messages.error(request, _("Your account has to have a second factor: add another one first."))
        return _back()
    audit.record(event, request, id=number)
    messages.success(request, _("It lets nobody in any more."))
    return _back()


def renew_recovery_codes(site: Site, request: HttpRequest) -> HttpResponse:
    """New codes for those who have a second factor that they can lose."""
    if request.method != "POST" or not second_factor.exists(request.user):
        return _back()
    codes = second_factor.new_recovery_codes(request)
    audit.record("recovery_codes_renewed", request)
    return recovery_codes(site, request, codes)


def end_other_logins(request: HttpRequest) -> HttpResponse:
    """Signs the account out everywhere but here (ASVS 5.0, 7.4.3 and 7.5.2)."""
    if request.method == "POST":
        logins.end_others(request)
        request.session.cycle_key()
        audit.record("other_logins_ended", request)
        messages.success(request, _("Your other logins have ended."))
    return _back()
