"""The form of a provider profile: secrets go in, and come out to the address they were given for only."""

import json
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from characters.spec import CharacterSpec
from characters.text import cleaned_json
from sessions_app.exceptions import RecordUnreadable
from voicebot import service_options
from voicebot.models import ProviderProfile
from voicebot.providers import ProviderError, pipecat_service, registry

AGAIN = gettext_lazy(
    "Give the API key, and the secret options if there were any, again; or forget what is sealed. "
    "They go only where they were given for."
)


def _no_echo() -> UnfoldAdminPasswordWidget:
    return UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


def _json_object(value: Any, what: str) -> dict[str, Any]:
    """What was typed, as a JSON object that can be stored. Raises ValidationError."""
    found = cleaned_json(value or {})
    if not isinstance(found, dict):
        raise forms.ValidationError(_("%(what)s are a JSON object.") % {"what": what})
    try:
        json.dumps(found, allow_nan=False)
    except ValueError as error:
        sentence = _("%(what)s hold a number that JSON has not.") % {"what": what}
        raise forms.ValidationError(sentence) from error
    return found


class ProfileForm(forms.ModelForm):
    """What is sealed goes in and never comes out: its fields are always empty."""

    api_key = forms.CharField(
        label=gettext_lazy("API key"),
        required=False,
        strip=True,
        max_length=4000,
        widget=_no_echo(),
        help_text=gettext_lazy(
            "Sealed when it is saved, and never shown again. Empty keeps the one that is there."
        ),
    )
    secret_options = forms.JSONField(
        label=gettext_lazy("Secret options"),
        required=False,
        widget=_no_echo(),
        help_text=gettext_lazy(
            "More options, as JSON, that nobody is to read, such as "
            '{"default_headers": {"X-Gate": "..."}}. Sealed like the key; empty keeps those that are there.'
        ),
    )
    forget_secrets = forms.BooleanField(
        label=gettext_lazy("Forget what is sealed"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = ProviderProfile
        fields: ClassVar = ["name", "stage", "service", "options", "context_tokens"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if registry.is_named(name):
            raise forms.ValidationError(_("“%(name)s” is built in: choose another name.") % {"name": name})
        return name

    def clean_options(self) -> dict[str, Any]:
        options = _json_object(self.cleaned_data["options"], _("The options"))
        if secret := list(service_options.names(service_options.split(options)[1])):
            raise forms.ValidationError(
                _(
                    "Others may read this, and %(names)s looks like a secret: it belongs to the secret "
                    "options, or is the API key."
                )
                % {"names": ", ".join(secret)}
            )
        return options

    def clean_secret_options(self) -> dict[str, Any]:
        return _json_object(self.cleaned_data["secret_options"], _("The secret options"))

    def clean(self) -> dict[str, Any]:
        """Builds the service once, so that what is wrong with it is said here and not to a visitor."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            cleaned["api_key"], cleaned["secret_options"] = self._secrets(cleaned)
            described = [cleaned[part] for part in ("service", "options", "api_key", "secret_options")]
            if cleaned["stage"] == registry.SPEECH_TO_SPEECH:
                build = registry.vendor(*described).speech_to_speech
            else:
                build = pipecat_service.factory(cleaned["stage"], *described)
            build(CharacterSpec(slug="a-sheet", name="A sheet"))
        except ProviderError as error:
            self.add_error("service", str(error))
        except forms.ValidationError as error:
            self.add_error("api_key", error)
        return cleaned

    def _secrets(self, cleaned: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The API key and the secret options as they are to be from now on, given anew or kept.

        Raises ValidationError where what is kept could go to another address than it was given for.
        """
        key, options = cleaned["api_key"], cleaned["secret_options"]
        there: ProviderProfile = self.instance  # as it is stored: it is changed after this
        keeps_key = there.has_api_key and not key
        keeps_options = bool(there.sealed_options) and not options
        if cleaned["forget_secrets"] or not (keeps_key or keeps_options):
            return key, options
        if service_options.destination(cleaned["service"], cleaned["options"]) != there.destination:
            raise forms.ValidationError([_("The service or its address changed."), AGAIN])
        if keeps_key and options:  # they may say where it goes
            raise forms.ValidationError([_("The secret options changed."), AGAIN])
        try:
            return key or there.api_key(), options or there.secret_options()
        except RecordUnreadable as error:
            raise forms.ValidationError([_("What is sealed cannot be opened."), AGAIN]) from error

    def save(self, commit: bool = True) -> ProviderProfile:
        self.instance.seal(self.cleaned_data["api_key"], self.cleaned_data["secret_options"])
        saved: ProviderProfile = super().save(commit)
        return saved
