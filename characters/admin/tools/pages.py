"""The pages of a character's tools. The draft keeps them; publishing puts them on stage."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from characters import content, provider_choice
from characters.admin.tools.form import ArgumentForms, ToolForm, tool_of
from characters.models import Character
from characters.tools import MOST_TOOLS, ToolSpec, tools_of
from characters.versions import publishing

NEW = "new"


class ToolPages:
    """Mixed into the character's admin, after `History`, whose pages these are like."""

    admin_site: Any

    def tool_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("<int:pk>/tools/", wrap(self.tools), name="characters_character_tools"),
            path("<int:pk>/tools/<slug:name>/", wrap(self.tool), name="characters_character_tool"),
        ]

    def tools(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All tools of the draft; `_remove` names one that goes."""
        character = self._character(request, pk, "view_character")  # type: ignore[attr-defined]
        if request.method == "POST":
            self._character(request, pk, "change_character")  # type: ignore[attr-defined]
            gone = request.POST.get("_remove", "")
            self._keep(pk, lambda kept: [tool for tool in kept if tool["name"] != gone])
            return redirect("admin:characters_character_tools", pk)
        labels = {kind.name: kind.label for kind in provider_choice.ask().tool_kinds()}
        shown = [(tool, labels.get(tool.kind)) for tool in tools_of(character.tools)]
        title = _("Tools of %(name)s") % {"name": character.name}
        full = len(shown) >= MOST_TOOLS
        return self._page(  # type: ignore[attr-defined]
            request, "admin/characters/tools.html", character, title=title, tools=shown, full=full
        )

    def tool(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """One tool: its form, what saves it, and with `_try` what comes of it now."""
        character = self._character(request, pk, "change_character")  # type: ignore[attr-defined]
        kept = list(character.tools)
        others = [tool for tool in kept if tool["name"] != name]
        if name != NEW and len(others) == len(kept):
            raise Http404
        before = next((ToolSpec.of(tool) for tool in kept if tool["name"] == name), ToolSpec("", "clock"))
        kinds, trial = provider_choice.ask().tool_kinds(), None
        form = ToolForm(
            request.POST or None,
            initial=ToolForm.initial_of(before),
            kinds=kinds,
            choices=provider_choice.ask().tool_choices(),
        )
        rows = [one.as_json() for one in before.arguments]
        arguments = ArgumentForms(request.POST or None, initial=rows, prefix="arguments")
        if request.method == "POST" and (made := tool_of(form, arguments, others)):
            if "_try" in request.POST:
                given = {one: value for one, value in _given(request).items() if value}
                spec = content.draft_spec(character)
                trial = provider_choice.ask().try_tool(spec, ToolSpec.of(made), given)
            else:
                try:
                    self._keep(pk, lambda now: _placed(now, name, made))
                except ValidationError as error:
                    form.add_error(None, error)
                else:
                    return redirect("admin:characters_character_tools", pk)
        title = _("A tool of %(name)s") % {"name": character.name}
        return self._page(  # type: ignore[attr-defined]
            request,
            "admin/characters/tool.html",
            character,
            title=title,
            form=form,
            arguments=arguments,
            trial=trial,
            given=request.POST.get("_given", ""),
            kinds=kinds,
        )

    @staticmethod
    def _keep(pk: int, change: Any) -> None:
        """Makes what `change` answers the tools of the draft. Raises ValidationError."""
        with transaction.atomic():
            character = get_object_or_404(Character.objects.select_for_update(), pk=pk)
            character.tools = change(list(character.tools))
            tools_of(character.tools)
            character.save(update_fields=["tools", "updated_at"])
            publishing.changed_draft(character)


def _placed(now: list[Any], name: str, tool: dict[str, Any]) -> list[Any]:
    """The tools with this one in the place of the one of that name, or behind all."""
    if not any(each["name"] == name for each in now):
        return [*now, tool]
    return [tool if each["name"] == name else each for each in now]


def _given(request: HttpRequest) -> dict[str, str]:
    """What a trial gives: a line for each argument, its name, a colon and the value."""
    lines = (line.partition(":") for line in request.POST.get("_given", "").splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon}
