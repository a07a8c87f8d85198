"""Version admin: publishing with a note, comparing any two, going back to an old one."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from characters import content
from characters.admin.forms import PublishForm
from characters.exceptions import NotPublishable
from characters.lore import advice, lorebook_of
from characters.models import Character, CharacterVersion
from characters.versions import differences, publishing

DRAFT = "draft"


class History:
    """Mixed into the character's admin."""

    admin_site: Any
    opts: Any

    def history_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("<int:pk>/publish/", wrap(self.publish), name="characters_character_publish"),
            path(
                "<int:pk>/withdraw/", wrap(require_POST(self.withdraw)), name="characters_character_withdraw"
            ),
            path("<int:pk>/versions/", wrap(self.versions), name="characters_character_versions"),
            path("<int:pk>/versions/diff/", wrap(self.diff), name="characters_character_diff"),
            path(
                "<int:pk>/versions/<int:number>/roll-back/",
                wrap(require_POST(self.roll_back)),
                name="characters_character_roll_back",
            ),
        ]

    def _page(
        self, request: HttpRequest, template: str, character: Character, **context: Any
    ) -> HttpResponse:
        return render(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "character": character,
                "may_publish": request.user.has_perm("characters.publish_character"),
                **context,
            },
        )

    def _character(self, request: HttpRequest, pk: int, permission: str) -> Character:
        """The character. Raises PermissionDenied, Http404."""
        if not request.user.has_perm(f"characters.{permission}"):
            raise PermissionDenied
        return get_object_or_404(Character.objects.select_related("published"), pk=pk)

    def _back(
        self, request: HttpRequest, character: Character, text: str, level: str = "SUCCESS"
    ) -> HttpResponse:
        self.message_user(request, text, level)  # type: ignore[attr-defined]
        return redirect("admin:characters_character_change", character.pk)

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would change on stage, a note, and the button."""
        character = self._character(request, pk, "publish_character")
        now = content.of(character)
        form = PublishForm(request.POST or None, initial={"digest": content.digest_of(now)})
        if request.method == "POST" and form.is_valid():
            try:
                version = publishing.publish(
                    character,
                    note=form.cleaned_data["note"],
                    author=request.user,
                    digest=form.cleaned_data["digest"],
                )
            except NotPublishable as error:
                return self._back(request, character, str(error), "ERROR")
            self.log_change(request, character, f"Published {version}.")  # type: ignore[attr-defined]
            said = f"{character.name} is on stage as {version}: whoever is talking hears it next."
            return self._back(request, character, said)
        before = character.published.content if character.published else None
        return self._page(
            request,
            "admin/characters/publish.html",
            character,
            title=f"Publish {character.name}",
            form=form,
            changes=differences.between(before, now),
            notes=advice(lorebook_of(now, now["lore"])),
        )

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        character = self._character(request, pk, "publish_character")
        if publishing.withdraw(character):
            self.log_change(request, character, "Withdrawn.")  # type: ignore[attr-defined]
        return self._back(request, character, f"{character.name} is off the stage. Its versions are kept.")

    def versions(self, request: HttpRequest, pk: int) -> HttpResponse:
        character = self._character(request, pk, "view_character")
        found = character.versions.select_related("author").defer("content")
        return self._page(
            request,
            "admin/characters/versions.html",
            character,
            title=f"Versions of {character.name}",
            versions=found,
        )

    def _content(self, character: Character, which: str) -> tuple[str, dict[str, Any]]:
        """A version's title and content, by its number; the draft's. Raises Http404."""
        if which == DRAFT:
            return "the draft", content.of(character)
        if not which.isdigit() or len(which) > 9:
            raise Http404
        version = get_object_or_404(CharacterVersion, character=character, number=int(which))
        return str(version), version.content

    def diff(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The difference between two versions, `?a=` the older and `?b=` the newer, either may be `draft`."""
        character = self._character(request, pk, "view_character")
        old_title, old = self._content(character, request.GET.get("a", DRAFT))
        new_title, new = self._content(character, request.GET.get("b", DRAFT))
        return self._page(
            request,
            "admin/characters/diff.html",
            character,
            title=f"{character.name}: from {old_title} to {new_title}",
            changes=differences.between(old, new),
        )

    def roll_back(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        character = self._character(request, pk, "publish_character")
        version = get_object_or_404(CharacterVersion, character=character, number=number)
        try:
            new = publishing.roll_back(character, version, author=request.user)
        except NotPublishable as error:
            return self._back(request, character, str(error), "ERROR")
        self.log_change(request, character, f"Published {new}.")  # type: ignore[attr-defined]
        said = f"{character.name} is back to what version {number} was, as version {new.number}."
        self.message_user(request, said)  # type: ignore[attr-defined]
        return redirect(reverse("admin:characters_character_versions", args=[pk]))
