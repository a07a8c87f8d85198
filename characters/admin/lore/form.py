"""The form of one entry, and how what is typed differs from what is stored."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from characters.admin.forms import LinesField, PlainLines
from characters.lore import is_sillytavern, meaning, patterns, rules_text
from characters.models import LoreEntry

UNSET = [("", _("as usual")), ("true", _("yes")), ("false", _("no"))]


class KeysField(LinesField):
    """Keys, one a line."""

    def __init__(self, **kwargs: Any):
        super().__init__(widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), **kwargs)


class LoreForm(PlainLines):
    """An entry of a lorebook, a character's own or a shared one."""

    keys = KeysField(
        label=_("keys"), help_text=_("One a line: words that call for this entry when they are said.")
    )
    secondary_keys = KeysField(label=_("secondary keys"), help_text=_("One a line."))
    by_meaning = forms.ChoiceField(
        required=False,
        label=_("called for"),
        choices=[("", _("by key words")), ("yes", _("also by meaning"))],
        help_text=_("By meaning: also where none of its words is said, but what is said is about it."),
    )
    sure = forms.IntegerField(
        required=False,
        min_value=meaning.LEAST_PERCENT,
        max_value=meaning.MOST_PERCENT,
        label=_("how sure, in %"),
        help_text=_("By meaning, from how sure on; empty for 40. The rehearsal shows how sure it is."),
    )
    rules = forms.CharField(
        required=False,
        max_length=1000,
        label=_("rules"),
        help_text=_(
            "As in SillyTavern: “logic: not any; probability: 50; sticky: 4; at depth: 2; role: user”. "
            "Also: cooldown, delay, group, group weight, group override, group scoring, scan depth, "
            "exclude recursion, prevent recursion, delay until recursion."
        ),
    )

    class Meta:
        model = LoreEntry
        fields: ClassVar = [
            "name",
            "enabled",
            "keys",
            "content",
            "constant",
            "selective",
            "secondary_keys",
            "case_sensitive",
            "whole_words",
            "use_regex",
            "position",
            "insertion_order",
            "priority",
            "rules",
            "comment",
        ]
        widgets: ClassVar = {
            "content": forms.Textarea(attrs={"rows": 6}),
            "comment": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("auto_id", "lore_%s")  # beside the form of the character
        super().__init__(*args, **kwargs)
        self.fields["rules"].initial = rules_text.shown(self.instance.rest)
        found = meaning.found_by(self.instance.rest)
        self.fields["by_meaning"].initial = "yes" if found.wanted else ""
        self.fields["sure"].initial = found.percent
        for name in ("case_sensitive", "whole_words"):
            self.fields[name].widget.choices = UNSET

    @property
    def rarely(self) -> bool:
        """Whether what few entries need is to be shown: it says something, or is wrong."""
        names = ("case_sensitive", "whole_words", "use_regex", "position", "priority", "rules", "comment")
        said = any(self[name].value() not in (None, "", False, "unknown") for name in names)
        return said or any(name in self.errors for name in (*names, "insertion_order"))

    def clean(self) -> dict[str, Any]:
        """The line of rules goes into the entry's `rest`, where SillyTavern and we read them."""
        taken = super().clean()
        rest = self.instance.rest
        if self.add_prefix("by_meaning") in self.data:
            wanted = meaning.ByMeaning(bool(taken.get("by_meaning")), taken.get("sure"))
            rest = meaning.changed(rest, wanted, taken.get("position", ""))
        line = taken.get("rules", "")
        if self.add_prefix("rules") not in self.data:
            line = rules_text.shown(rest)
        try:
            rest = rules_text.changed(rest, line, taken.get("position", ""))
        except rules_text.RulesInvalid as error:
            self.add_error("rules", str(error))
            return taken
        if taken.get("use_regex") and is_sillytavern(json.loads(rest)):
            # Its entries have patterns as /pattern/flags and no others.
            for name in ("keys", "secondary_keys"):
                sensitive = bool(taken.get("case_sensitive"))
                taken[name] = [patterns.as_slashed(key, sensitive) for key in taken.get(name, [])]
            taken["use_regex"] = False
        self.instance.rest = rest
        return taken


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which what was typed is not what somebody else has saved; `value` as the form has it."""

    name: str
    label: str
    mine: str
    theirs: str
    value: str


def differences(mine: LoreForm, theirs: LoreForm) -> list[Difference]:
    """What differs between a bound form and that of the entry as it is stored now."""
    return list(_differences(mine, theirs))


def _differences(mine: LoreForm, theirs: LoreForm) -> Iterator[Difference]:
    for name in mine.fields:
        typed, stored = (_value(form, name) for form in (mine, theirs))
        if typed != stored:
            label = str(mine[name].label)
            yield Difference(name, label, _shown(mine, name, typed), _shown(theirs, name, stored), stored)


def _value(form: LoreForm, name: str) -> str:
    """A field's value as its widget sends it."""
    value = form[name].value()
    if isinstance(form.fields[name], forms.BooleanField) and not isinstance(
        form.fields[name], forms.NullBooleanField
    ):
        return "on" if value else ""
    if isinstance(form.fields[name], forms.NullBooleanField):
        return {True: "true", "true": "true", False: "false", "false": "false"}.get(value, "")
    if isinstance(form.fields[name], forms.FloatField):
        try:
            return f"{float(value):g}"
        except (TypeError, ValueError):
            return str(value or "")
    return str("" if value is None else value).replace("\r\n", "\n").strip()


def _shown(form: LoreForm, name: str, value: str) -> str:
    field = form.fields[name]
    if isinstance(field, forms.NullBooleanField):
        return str(dict(UNSET).get(value, value))
    if isinstance(field, forms.BooleanField):
        return gettext("yes") if value else gettext("no")
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    return value
