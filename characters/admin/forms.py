"""Admin forms of characters and their lore entries."""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from characters import content, field_limits, provider_choice
from characters.models import KIND_CHOICES, LANGUAGES, Character, FormerAddress
from characters.portraits import square
from characters.text import cleaned

MOST_ITEMS = 200
VOICE_CHARACTERS = 80  # of a voice's name
USUAL = (
    "depth_prompt_depth",
    "depth_prompt_role",
    "memory_most",
    "memory_days",
    "memory_kinds",
)  # left empty, they are as in a new character
PROVIDERS = ("stt_provider", "llm_provider", "tts_provider", "speech_to_speech_provider")
SEPARATOR = "---"  # a line of its own between two texts of a list
# The same line within a text has a backslash before it in the form, one more than it has itself.
RULE = re.compile(rf"^\\*{SEPARATOR}$", re.MULTILINE)
ESCAPED_RULE = re.compile(rf"^\\(\\*{SEPARATOR})$", re.MULTILINE)


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 3}))
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def split(self, text: str) -> list[str]:
        return text.splitlines()

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        if isinstance(value, list):
            return value
        items = [item.strip() for item in self.split(value or "")]
        found = [item for item in items if item]
        if len(found) > MOST_ITEMS:
            raise ValidationError(_("At most %(most)d.") % {"most": MOST_ITEMS})
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial or []) != self.to_python(data))
        except ValidationError:
            return True


class TextsField(LinesField):
    """A list of longer texts, with a line of three dashes between two of them."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return f"\n{SEPARATOR}\n".join(RULE.sub(r"\\\g<0>", str(item)) for item in value)

    def split(self, text: str) -> list[str]:
        items = f"\n{text}\n".replace("\r\n", "\n").split(f"\n{SEPARATOR}\n")
        return [ESCAPED_RULE.sub(r"\1", item) for item in items]


def _provider(stage: str, label: Any, none: Any = None) -> forms.ChoiceField:
    """One of a closed list: a name that somebody types never says what is imported."""
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=lambda: [("", none or _("the house's own")), *provider_choice.ask().providers(stage)],
        help_text=gettext_lazy("What is built in, and the profiles that operators made."),
        widget=UnfoldAdminSelectWidget(),
        error_messages={
            "invalid_choice": gettext_lazy(
                "There is no provider “%(value)s” here: choose one of the list. "
                "An operator adds others as profiles."
            )
        },
    )


class VoicesField(LinesField):
    """A voice for each of some languages, one a line: zh: zf_xiaobei."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{language}: {voice}" for language, voice in value.items())

    def to_python(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        if isinstance(value, dict):
            return value
        found = {}
        for line in super().to_python(value):
            language, _colon, voice = (part.strip() for part in line.partition(":"))
            if language not in dict(LANGUAGES) or not voice or len(voice) > VOICE_CHARACTERS:
                raise ValidationError(
                    _("“%(line)s” names no language and voice, such as zh: zf_xiaobei.") % {"line": line[:80]}
                )
            found[language] = voice
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial or {}) != self.to_python(data))
        except ValidationError:
            return True


class PlainLines(forms.ModelForm):
    """Text as it is stored: browsers send CR LF, LF is kept, so that a save alone changes nothing."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and isinstance(field.widget, forms.Textarea):
                field.strip = False  # white space around a text is its writer's

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        taken = {name: self._plain(value) for name, value in given.items()}
        for name, sentence in field_limits.too_long(taken).items():
            self.add_error(name if name in self.fields else None, sentence)
        return taken

    @staticmethod
    def _plain(value: Any) -> Any:
        if isinstance(value, str):
            return cleaned(value.replace("\r\n", "\n"))
        return [cleaned(item) for item in value] if isinstance(value, list) else value


class CharacterForm(PlainLines):
    """A draft. What the chosen providers cannot do is refused here, not when a visitor calls."""

    tags = LinesField(
        label=gettext_lazy("Tags"), help_text=gettext_lazy("One a line. Visitors find by them.")
    )
    alternate_greetings = TextsField(
        label=gettext_lazy("Other greetings"),
        help_text=gettext_lazy(
            "Other beginnings, for pages that ask for one. A line --- between two of them."
        ),
    )
    other_languages = forms.MultipleChoiceField(
        label=gettext_lazy("Further languages"),
        choices=LANGUAGES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy(
            "A visitor may speak these as well: it hears which one it is, and answers in it."
        ),
    )
    language_voices = VoicesField(
        label=gettext_lazy("Voices in further languages"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One a line, such as zh: zf_xiaobei. Without a line: the voice above, or one like it."
        ),
    )
    memory_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What it remembers"),
        choices=KIND_CHOICES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    stt_provider = _provider("stt", gettext_lazy("Who listens"))
    llm_provider = _provider("llm", gettext_lazy("Who thinks"))
    tts_provider = _provider("tts", gettext_lazy("Who speaks"))
    speech_to_speech_provider = _provider(
        "speech_to_speech", gettext_lazy("Who does all three"), gettext_lazy("nobody: the three below")
    )

    class Meta:
        model = Character
        exclude: ClassVar[list[str]] = []  # the admin's fieldsets choose

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("system_prompt", 3),
            ("description", 4),
            ("personality", 3),
            ("scenario", 3),
            ("post_history", 2),
            ("depth_prompt", 2),
            ("greeting", 3),
            ("apology", 2),
            ("openers", 3),
            ("returning_greeting", 2),
            ("pronunciations", 3),
            ("alternate_greetings", 3),
            ("examples", 9),
            ("about", 4),
            ("tags", 3),
        ):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = rows
        for name in filter(self.fields.__contains__, USUAL):
            self.fields[name].required = False
        for name in filter(self.fields.__contains__, PROVIDERS):
            self._show_what_is_gone(name)

    def clean_slug(self) -> str:
        """An address that somebody else had before still leads to them."""
        slug: str = self.cleaned_data["slug"]
        if FormerAddress.objects.filter(slug=slug).exclude(character=self.instance.pk).exists():
            raise ValidationError(
                _("Another character had this address, and links lead there. Choose another.")
            )
        return slug

    def _show_what_is_gone(self, name: str) -> None:
        """A provider that is not in the list any more is shown as it is, so that a save does not hide it."""
        field, now = self.fields[name], getattr(self.instance, name)
        if now not in dict(field.choices):  # type: ignore[attr-defined]
            field.widget.choices = [*field.choices, (now, _("%(name)s (not here)") % {"name": now})]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A new portrait becomes a small square WebP without the camera's metadata."""
        taken = super().clean()
        for name in USUAL:
            if taken.get(name, ...) in (None, "", []):
                taken[name] = getattr(Character(), name)
        if "other_languages" in taken:
            taken["other_languages"] = [
                code for code in taken["other_languages"] if code != taken.get("language")
            ]
        avatar = taken.get("avatar")
        if isinstance(avatar, UploadedFile) and "avatar" not in self.errors:
            try:
                taken["avatar"] = square(avatar.read())
            except ValidationError as error:
                self.add_error("avatar", error)
        return taken

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        for field, sentence in provider_choice.ask().problems(content.draft_spec(self.instance, [])).items():
            self.add_error(field if field in self.fields else None, sentence)


class PublishForm(forms.Form):
    note = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("What is new?"),
        help_text=gettext_lazy("For you and the other editors, in the history."),
        widget=UnfoldAdminTextInputWidget(),
    )
    digest = forms.CharField(widget=forms.HiddenInput)
