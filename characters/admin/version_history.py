"""Version admin: publishing with a note, comparing any two, going back to an old one."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from characters import content
from characters import report as reports
from characters.admin.forms import PublishForm
from characters.admin.request_values import number
from characters.exceptions import NotPublishable
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
            path("<int:pk>/withdraw/", wrap(self.withdraw), name="characters_character_withdraw"),
            path("<int:pk>/versions/", wrap(self.versions), name="characters_character_versions"),
            path("<int:pk>/versions/diff/", wrap(self.diff), name="characters_character_diff"),
            path(
                "<int:pk>/versions/<int:number>/roll-back/",
                wrap(self.roll_back),
                name="characters_character_roll_back",
            ),
            path(
                "<int:pk>/versions/<int:number>/take-up/",
                wrap(self.take_up),
                name="characters_character_take_up",
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
                "may_change": request.user.has_perm("characters.change_character"),
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

    def _to_what_is_missing(
        self, request: HttpRequest, character: Character, error: NotPublishable
    ) -> HttpResponse:
        """The form, with the field that keeps the draft off the stage open and in focus."""
        answer = self._back(request, character, str(error), "ERROR")
        if error.field:
            answer["Location"] += f"?missing={error.field}"
        return answer

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would change on stage, a note, and the button; the form, where something is missing."""
        character = self._character(request, pk, "publish_character")
        now = content.of(character)
        form = PublishForm(request.POST or None, initial={"digest": content.digest_of(now)})
        try:
            publishing.check(character)
            if request.method == "POST" and form.is_valid():
                version = publishing.publish(
                    character,
                    note=form.cleaned_data["note"],
                    author=request.user,
                    digest=form.cleaned_data["digest"],
                )
                self.log_change(request, character, f"Published version {version.number}.")  # type: ignore[attr-defined]
                said = _("%(name)s is on stage as %(version)s: whoever is talking hears it next.")
                return self._back(request, character, said % {"name": character.name, "version": version})
        except NotPublishable as error:
            if error.field != publishing.DIGEST:
                return self._to_what_is_missing(request, character, error)
            # Somebody has changed the draft: what is new now, with the note as it was typed.
            form = PublishForm(initial={**form.cleaned_data, "digest": content.digest_of(now)})
            self.message_user(request, str(error), "ERROR")  # type: ignore[attr-defined]
        before = character.published.content if character.published else None
        return self._page(
            request,
            "admin/characters/publish.html",
            character,
            title=_("Publish %(name)s") % {"name": character.name},
            form=form,
            changes=differences.between(before, now),
            notes=reports.of(content.draft_spec(character)).remarks,
        )

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        character = self._character(request, pk, "publish_character")
        if request.method != "POST":
            return self._page(
                request,
                "admin/characters/withdraw.html",
                character,
                title=_("Take %(name)s off the stage?") % {"name": character.name},
            )
        if publishing.withdraw(character):
            self.log_change(request, character, "Withdrawn.")  # type: ignore[attr-defined]
        said = _("%(name)s is off the stage. Its versions are kept.")
        return self._back(request, character, said % {"name": character.name})

    def versions(self, request: HttpRequest, pk: int) -> HttpResponse:
        character = self._character(request, pk, "view_character")
        found = character.versions.select_related("author").defer("content")
        return self._page(
            request,
            "admin/characters/versions.html",
            character,
            title=_("Versions of %(name)s") % {"name": character.name},
            versions=found,
        )

    def _content(self, character: Character, which: str) -> tuple[str, dict[str, Any]]:
        """A version's title and content, by its number; the draft's. Raises Http404."""
        if which == DRAFT:
            return _("the draft"), content.of(character)
        version = get_object_or_404(CharacterVersion, character=character, number=number(which))
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
            title=_("%(name)s: from %(old)s to %(new)s")
            % {"name": character.name, "old": old_title, "new": new_title},
            changes=differences.between(old, new),
        )

    def roll_back(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Asks what going back to a version would change, on stage and in the draft; then does it."""
        return self._go_back(request, pk, number, live=True)

    def take_up(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """As `roll_back`, for the draft alone."""
        return self._go_back(request, pk, number, live=False)

    def _go_back(self, request: HttpRequest, pk: int, number: int, *, live: bool) -> HttpResponse:
        character = self._character(request, pk, "publish_character" if live else "change_character")
        version = get_object_or_404(CharacterVersion, character=character, number=number)
        now = content.of(character)
        if request.method == "POST":
            seen = request.POST.get("digest")
            try:
                if live:
                    new = publishing.roll_back(character, version, author=request.user, digest=seen)
                    said = _("%(name)s is back to what version %(old)d was, as version %(new)d.") % {
                        "name": character.name,
                        "old": number,
                        "new": new.number,
                    }
                    self.log_change(request, character, f"Published version {new.number}.")  # type: ignore[attr-defined]
                else:
                    publishing.take_up(character, version, author=request.user, digest=seen)
                    said = _("The draft is what version %d was.") % number
                    self.log_change(request, character, f"Took up version {number}.")  # type: ignore[attr-defined]
            except NotPublishable as error:
                self.message_user(request, str(error), "ERROR")  # type: ignore[attr-defined]
                return redirect(request.path)
            self.message_user(request, said)  # type: ignore[attr-defined]
            return redirect(reverse("admin:characters_character_versions", args=[pk]))
        digest = content.digest_of(now)
        title = _("Go back to version %d?") if live else _("Make version %d the draft again?")
        on_stage = character.published.content if character.published else None
        return self._page(
            request,
            "admin/characters/roll_back.html",
            character,
            title=title % number,
            version=version,
            live=live,
            digest=digest,
            kept=publishing.would_lose(character, digest),
            changes=differences.between(now, version.content),
            on_stage=differences.between(on_stage, version.content) if live else None,
        )
