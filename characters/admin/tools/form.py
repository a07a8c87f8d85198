"""The form of one tool, and of the arguments that its model gives: fields, and no JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from characters import provider_choice
from characters.admin.forms import LinesField
from characters.tools import AUDIENCES, MOST_ARGUMENTS, SURE_PERCENT, TYPES, ToolSpec

MOST_SPARE = 3  # empty lines for further arguments
BARGE_IN = [
    ("cancel", gettext_lazy("it is cancelled")),
    ("go_on", gettext_lazy("it goes on, and its result is told later")),
]


def _text(label: Any, help_text: Any = "", *, required: bool = False, most: int = 500) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=most,
        widget=UnfoldAdminTextInputWidget(),
    )


def _number(label: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "number"}),
    )


class ToolForm(forms.Form):
    """All of a tool but its arguments. `OptionsOf` adds what its kind has writers fill in."""

    name = _text(
        gettext_lazy("name"),
        gettext_lazy("By which the model calls it: small letters, figures, _."),
        required=True,
    )
    kind = forms.ChoiceField(label=gettext_lazy("kind"), widget=UnfoldAdminSelectWidget())
    enabled = forms.BooleanField(label=gettext_lazy("in use"), required=False)
    description = _text(
        gettext_lazy("what it is for"),
        gettext_lazy("A sentence for the model: what it does, and when to call it. Empty: the kind's own."),
    )
    announcement = _text(
        gettext_lazy("said meanwhile"), gettext_lazy("Such as “Let me look that up.” Empty: nothing.")
    )
    timeout_secs = _number(gettext_lazy("how long it may take"), 1, 60)
    on_interruption = forms.ChoiceField(
        label=gettext_lazy("when the visitor speaks"), choices=BARGE_IN, widget=UnfoldAdminSelectWidget()
    )
    asks_first = forms.BooleanField(label=gettext_lazy("asks the visitor first"), required=False)
    question = _text(
        gettext_lazy("how it asks"),
        gettext_lazy("One sentence that can be answered with yes or no."),
        most=200,
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("for whom"), choices=list(AUDIENCES.items()), widget=UnfoldAdminSelectWidget()
    )
    per_turn = _number(gettext_lazy("at most in a turn"), 1, 1000)
    per_minute = _number(gettext_lazy("at most in a minute"), 1, 1000)
    per_session = _number(gettext_lazy("at most in a conversation"), 1, 1000)
    keys = LinesField(
        label=gettext_lazy("key words"),
        help_text=gettext_lazy("One a line: they call it where the model cannot call tools itself."),
    )
    meanings = LinesField(
        label=gettext_lazy("meanings"),
        help_text=gettext_lazy(
            "Sentences of visitors, one a line: what means the same calls it there, too, where no key word "
            "is said. The rehearsal shows how sure that is."
        ),
    )
    sure = forms.IntegerField(
        label=gettext_lazy("how sure, in %"),
        required=False,
        min_value=SURE_PERCENT[0],
        max_value=SURE_PERCENT[1],
        help_text=gettext_lazy("By meaning, from how sure on; empty for 50."),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "number"}),
    )
    sentence = _text(
        gettext_lazy("said of its result"),
        gettext_lazy("Where the model cannot: {result} stands for what came. Empty: the kind's own."),
    )

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[provider_choice.ToolKind],
        choices: Mapping[str, Sequence[tuple[str, str]]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.name, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        self.options = list(dict.fromkeys(name for kind in kinds for name in kind.options))
        for name in self.options:
            users = ", ".join(str(kind.label) for kind in kinds if name in kind.options)
            help_text = _("Of the kinds: %(kinds)s.") % {"kinds": users}
            self.fields[f"option_{name}"] = (
                self._chosen(name, choices[name], help_text)
                if name in choices
                else forms.CharField(
                    label=name,
                    required=False,
                    max_length=2000,
                    help_text=help_text,
                    widget=UnfoldAdminTextareaWidget(attrs={"rows": 1}),
                )
            )

    def _chosen(self, name: str, choices: Sequence[tuple[str, str]], help_text: str) -> forms.ChoiceField:
        """A field for one of a list. What is there already stays in it: a server may be away."""
        there = str(self.initial.get(f"option_{name}") or "")
        kept = [] if there in dict(choices) or not there else [(there, there)]
        return forms.ChoiceField(
            label=name,
            required=False,
            choices=[("", "—"), *kept, *choices],
            help_text=help_text,
            widget=UnfoldAdminSelectWidget(),
        )

    @staticmethod
    def initial_of(tool: ToolSpec) -> dict[str, Any]:
        return {
            **tool.as_json(),
            "timeout_secs": round(tool.timeout_secs),
            "on_interruption": "go_on" if tool.goes_on else "cancel",
            "question": tool.options.get("question", ""),
            **{f"option_{name}": value for name, value in tool.options.items()},
        }

    def tool(self, arguments: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The tool as a draft keeps it. Raises ValidationError."""
        given = self.cleaned_data
        options = {name: given[f"option_{name}"] for name in self.options if given[f"option_{name}"]}
        if given["question"]:
            options["question"] = given["question"]
        kept = {name: given[name] for name in given if not name.startswith("option_")}
        kept.pop("question")
        kept["goes_on"] = kept.pop("on_interruption") == "go_on"
        kept["timeout_secs"] = float(kept["timeout_secs"])
        made = ToolSpec.of({**kept, "arguments": list(arguments), "options": options})
        return ToolSpec.of(provider_choice.ask().completed_tool(made).as_json()).as_json()


class ArgumentForm(forms.Form):
    """One argument; an empty name leaves it out."""

    name = _text(gettext_lazy("argument"), most=64)
    type = forms.ChoiceField(
        label=gettext_lazy("type"),
        choices=list(TYPES.items()),
        widget=UnfoldAdminSelectWidget(),
        required=False,
    )
    required = forms.BooleanField(label=gettext_lazy("needed"), required=False)
    description = _text(gettext_lazy("what it means"), most=300)
    choices = LinesField(label=gettext_lazy("one of"), help_text=gettext_lazy("One a line; of text alone."))

    def as_json(self) -> dict[str, Any]:
        return {**self.cleaned_data, "type": self.cleaned_data["type"] or "string"}


ArgumentForms = forms.formset_factory(
    ArgumentForm, extra=MOST_SPARE, max_num=MOST_ARGUMENTS, validate_max=True
)


def tool_of(form: ToolForm, arguments: Any, others: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The tool that was typed, None where the form says what is wrong with it."""
    if not form.is_valid() or not arguments.is_valid():
        return None
    given = [one.as_json() for one in arguments if one.cleaned_data.get("name")]
    try:
        tool = form.tool(given)
        if any(other["name"] == tool["name"] for other in others):
            raise ValidationError(_("Two tools of a character have the same name."))
    except ValidationError as error:
        form.add_error(None, error)
        return None
    return tool
