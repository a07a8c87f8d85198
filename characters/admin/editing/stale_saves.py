"""Stale saves: a form that was opened before somebody else saved is refused, both texts side by side.

The page carries what it showed of each field, as a hash. On a save the row is locked and compared: a field
that has changed since, to something else than is being saved, needs a decision, which names the state that
was looked at. So nobody overwrites what they have not seen, and nothing that was typed is lost.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from characters.admin.request_values import json_of

SEEN = "_seen"
TAKE = "_take_"
MINE, THEIRS = "mine", "theirs"
HASH_DIGITS = 16
MOST_SEEN = 64 * 1024  # characters of what the page sends back


def _plain(value: Any) -> Any:
    """A field's value, stored or typed, in one form."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, FieldFile):
        return value.name or ""
    if isinstance(value, (models.QuerySet, set)) or (
        isinstance(value, list) and any(isinstance(item, models.Model) for item in value)
    ):
        return sorted(map(str, map(_plain, value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def hash_of(value: Any) -> str:
    plain = json.dumps(_plain(value), default=str, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:HASH_DIGITS]


def seen_by(form: forms.ModelForm) -> dict[str, str]:
    """What an unbound form shows of its row: a hash for each field."""
    return {name: hash_of(form.initial.get(name)) for name in _guarded(form)}


def _guarded(form: forms.ModelForm) -> Iterable[str]:
    unguarded = getattr(form, "unguarded", ())
    return [
        name
        for name, field in form.fields.items()
        if name in form.initial and name not in unguarded and not field.disabled
    ]


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else has changed since this form was opened."""

    name: str
    title: str
    mine: str
    theirs: str
    hash: str  # of theirs: what a decision is about
    choice: str  # what is chosen beforehand: theirs where this editor has changed nothing


def _shown(field: forms.Field, value: Any) -> str:
    """A value for an editor to read."""
    if isinstance(value, FieldFile):
        return (value.name or "").rsplit("/", 1)[-1] or _("no file")
    if hasattr(value, "read"):
        return _("the file that you chose")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, forms.ModelMultipleChoiceField):
        return "\n".join(map(str, value or ()))
    if isinstance(field, forms.MultipleChoiceField):
        labels = dict(field.choices)  # type: ignore[arg-type]
        return "\n".join(str(labels.get(item, item)) for item in value or ())
    if isinstance(field, forms.ChoiceField) and not isinstance(value, list):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    prepared = field.prepare_value(value)
    return "" if prepared is None else str(prepared)


class Guarded:
    """Mixed into a bound form of a stored row, before it."""

    conflicts: tuple[Conflict, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        form: Any = self
        self._seen = _read_seen(form.data.get(SEEN, ""))
        self._decided: dict[str, str] = {}
        taken = form.data.copy()
        for name in _guarded(form):
            side, _colon, seen = str(form.data.get(TAKE + name, "")).partition(":")
            if side in (MINE, THEIRS) and seen == hash_of(form.initial[name]):
                self._decided[name] = side
                if side == THEIRS:
                    _put(form, taken, name)
        form.data = taken

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        form: Any = self
        if not self._seen:
            return  # no page of ours: a program that says what it wants
        self.conflicts = tuple(self._found())
        if self.conflicts:
            said = _("Somebody else has saved meanwhile. Choose what is kept, then save again.")
            form.add_error(None, ValidationError(said, code="stale"))

    def _found(self) -> Iterable[Conflict]:
        form: Any = self
        for name in _guarded(form):
            stored, field = form.initial[name], form.fields[name]
            seen, now = self._seen.get(name), hash_of(stored)
            if seen in (None, now) or name in self._decided:
                continue
            valid = name in form.cleaned_data
            mine = form.cleaned_data[name] if valid else form[name].value()
            if valid and hash_of(mine) == now:
                continue
            untouched = valid and hash_of(mine) == seen
            title = str(form[name].label)
            yield Conflict(
                name, title, _shown(field, mine), _shown(field, stored), now, THEIRS if untouched else ""
            )


def _read_seen(text: str) -> dict[str, str]:
    found = json_of(text) if len(text) <= MOST_SEEN else None
    return found if isinstance(found, dict) else {}


def _put(form: Any, data: Any, name: str) -> None:
    """The stored value of a field into what was typed, as its widget would have sent it."""
    field, key, value = form.fields[name], form.add_prefix(name), form.initial[name]
    widget, prepared = field.widget, field.prepare_value(form.initial[name])
    if isinstance(widget, forms.FileInput):
        form.files = {k: file for k, file in form.files.items() if k != key}
        data.pop(f"{key}-clear", None)
    elif isinstance(widget, forms.CheckboxInput):
        data.pop(key, None)
        if value:
            data[key] = "on"
    elif isinstance(widget, (forms.SelectMultiple, forms.CheckboxSelectMultiple)):
        data.setlist(key, [str(_plain(item)) for item in value or ()])
    elif isinstance(widget, forms.MultiWidget):
        for part, (inner, bit) in enumerate(
            zip(widget.widgets, widget.decompress(prepared) or (), strict=False)
        ):
            data[f"{key}_{part}"] = inner.format_value(bit) or ""
    else:
        text = widget.format_value(prepared)
        data[key] = (text[0] if text else "") if isinstance(text, list) else text or ""


class RefusesStaleSaves:
    """Mixed into a ModelAdmin, before it."""

    change_form_before_template = "admin/stale_save.html"
    unguarded: ClassVar[tuple[str, ...]] = ()  # fields that change by themselves

    class Media:
        css: ClassVar = {"all": ["characters/desk.css"]}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, locked where it is about to be saved."""
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if found is not None and request.method == "POST" and connection.in_atomic_block:
            type(found)._default_manager.select_for_update(of=("self",), no_key=True).filter(
                pk=found.pk
            ).first()
            found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        return found

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        parts: tuple[type, ...] = (Guarded, form) if change and request.method == "POST" else (form,)
        return type(form.__name__, parts, {"unguarded": self.unguarded})

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        form, row = context["adminform"].form, kwargs.get("obj")
        if row is not None:
            seen = form.data.get(SEEN, "") if form.is_bound else json.dumps(seen_by(form))
            context |= {"seen": seen, "conflicts": getattr(form, "conflicts", ())}
            if context["conflicts"]:
                context["saved_by"] = last_save(row)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


def last_save(row: models.Model) -> LogEntry | None:
    """Who saved a row last in the admin, and when."""
    kind = get_content_type_for_model(row)
    return LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).select_related("user").first()
