"""The forms of the editor's desk."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from characters import casting, content
from characters.models import Character, LoreEntry
from characters.portraits import square, validate_portrait

MOST_ITEMS = 200
SEPARATOR = "---"  # a line of its own between two texts of a list


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
            raise ValidationError(f"At most {MOST_ITEMS}.")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial or []) != self.to_python(data))


class TextsField(LinesField):
    """A list of longer texts, with a line of three dashes between two of them."""

    def prepare_value(self, value: Any) -> Any:
        return f"\n{SEPARATOR}\n".join(map(str, value)) if isinstance(value, list) else value

    def split(self, text: str) -> list[str]:
        return f"\n{text}\n".replace("\r\n", "\n").split(f"\n{SEPARATOR}\n")


def _provider(stage: str, label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=200,
        help_text="A provider's name, or the dotted path of a Pipecat service; empty for the house's own.",
        widget=UnfoldAdminTextInputWidget(attrs={"list": f"providers-{stage}"}),
    )


class PlainLines(forms.ModelForm):
    """Browsers send line breaks as CR LF; what is stored has LF, so that a save alone changes nothing."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        return {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value
            for name, value in cleaned.items()
        }


class CharacterForm(PlainLines):
    """A draft. What the cast providers cannot do is refused here, not when a visitor calls."""

    tags = LinesField(help_text="One a line. Visitors find by them.")
    alternate_greetings = TextsField(
        label="other greetings",
        help_text=f"Other beginnings, for pages that ask for one. A line {SEPARATOR} between two of them.",
    )
    stt_provider = _provider("stt", "who listens")
    llm_provider = _provider("llm", "who thinks")
    tts_provider = _provider("tts", "who speaks")

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
            ("greeting", 3),
            ("apology", 2),
            ("alternate_greetings", 3),
            ("examples", 9),
            ("about", 4),
            ("tags", 3),
        ):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = rows

    def clean(self) -> dict[str, Any]:
        """A new portrait becomes a small square WebP without the camera's metadata."""
        cleaned = super().clean()
        avatar = cleaned.get("avatar")
        if isinstance(avatar, UploadedFile) and "avatar" not in self.errors:
            try:
                validate_portrait(avatar)
                cleaned["avatar"] = square(avatar.read())
            except ValidationError as error:
                self.add_error("avatar", error)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        for field, sentence in casting.ask().problems(content.draft_sheet(self.instance, [])).items():
            self.add_error(field if field in self.fields else None, sentence)


class LoreForm(PlainLines):
    keys = LinesField(help_text="One a line: words that call for this entry when they are said.")
    secondary_keys = LinesField(help_text="One a line.")

    class Meta:
        model = LoreEntry
        exclude: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["content"].widget.attrs["rows"] = 4
        self.fields["comment"].widget.attrs["rows"] = 2


class PublishForm(forms.Form):
    note = forms.CharField(
        max_length=200,
        required=False,
        label="What is new?",
        help_text="For you and the other editors, in the history.",
        widget=UnfoldAdminTextInputWidget(),
    )
    digest = forms.CharField(widget=forms.HiddenInput)
