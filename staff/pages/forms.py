"""Forms of signing in, of re-authentication, and of codes and passkeys."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from characters.text import cleaned
from staff.factors import second_factor


def wait_sentence(secs: int) -> str:
    if secs > 60:
        return _("Too many attempts. Try again in %(count)s minutes.") % {"count": secs // 60}
    return _("Too many attempts. Try again in %(count)s seconds.") % {"count": secs}


def wrong_code() -> str:
    return _("That code is wrong, used up, or came too soon after wrong ones: wait for the next one.")


class SignInForm(AuthenticationForm):
    """Says when to come back if there were too many attempts."""

    def get_invalid_login_error(self) -> ValidationError:
        secs = getattr(self.request, "login_wait_secs", 0)
        if secs:
            return ValidationError(wait_sentence(secs), code="too_many_attempts")
        return super().get_invalid_login_error()


class CodeForm(forms.Form):
    """A code of an authenticator, or for recovery."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,  # a recovery code with its hyphens, or with spaces
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )


class PasskeyNameForm(forms.Form):
    """What its owner calls a passkey."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)

    def clean_name(self) -> str:
        return cleaned(self.cleaned_data["name"]).strip()


class ConfirmForm(forms.Form):
    """The password of who is signed in, and a code where there is a second factor."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request
        if second_factor.exists(request.user):
            self.fields["code"] = CodeForm.base_fields["code"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        account = self.request.user
        found = authenticate(self.request, username=account.get_username(), password=password)
        if secs := getattr(self.request, "login_wait_secs", 0):
            raise ValidationError(wait_sentence(secs))
        if found is None or found.pk != account.pk:
            raise ValidationError(_("That is not the password of this account."))
        return password

    def clean(self) -> dict[str, Any]:
        """Looks at the code once the password was right."""
        cleaned = super().clean() or {}
        if (
            "code" in self.fields
            and not self.errors
            and not second_factor.show(self.request, cleaned["code"])
        ):
            self.add_error("code", wrong_code())
        return cleaned
