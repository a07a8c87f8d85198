"""Character admin: the form, the list, and what its buttons do."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from characters import content, provider_choice
from characters import report as reports
from characters.admin import home
from characters.admin.bin import BINNED, Bin
from characters.admin.cards import Cards
from characters.admin.chat import Chat
from characters.admin.documents import Documents
from characters.admin.editing import RefusesStaleSaves, Unsaved
from characters.admin.forms import CharacterForm
from characters.admin.lore import LorebookFiles, LoreEditor, Sharing
from characters.admin.rehearsal import Rehearsal
from characters.admin.repertoire import RepertoireBox
from characters.admin.tools import ToolPages
from characters.admin.version_history import History
from characters.exceptions import NotPublishable
from characters.models import Character
from characters.versions import publishing


class StateFilter(admin.SimpleListFilter):
    """Who is on stage; what is in the bin is seen nowhere else."""

    title = _("on stage")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("live", _("on stage")),
            ("changed", _("with unpublished changes")),
            ("draft", _("not on stage")),
            (BINNED, _("in the bin")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Character]) -> QuerySet[Character]:
        wanted = {
            "live": Q(published__isnull=False),
            "changed": Q(published__isnull=False) & ~Q(digest=F("published__digest")),
            "draft": Q(published=None),
        }.get(self.value() or "", Q())
        return queryset.filter(wanted, binned_at__isnull=self.value() != BINNED)


@admin.register(Character)
class CharacterAdmin(
    RefusesStaleSaves,
    Unsaved,
    Bin,
    Cards,
    Chat,
    Documents,
    LoreEditor,
    LorebookFiles,
    Sharing,
    ToolPages,
    History,
    Rehearsal,
    RepertoireBox,
    ModelAdmin,
):
    form = CharacterForm
    list_display: ClassVar = ["portrait", "name", "tagline", "state", "language", "updated_at"]
    list_display_links: ClassVar = ["name"]
    list_filter: ClassVar = [StateFilter, "language"]
    list_select_related: ClassVar = ["published"]
    list_per_page = 50
    search_fields: ClassVar = ["name", "tagline", "slug", "tags", "creator"]
    actions: ClassVar = ["publish_selected", "withdraw_selected", "restore_selected"]
    warn_unsaved_form = True
    change_form_template = "admin/characters/change_form.html"
    change_list_template = "admin/characters/change_list.html"
    fieldsets: ClassVar = [
        (None, {"fields": [("name", "slug"), ("nickname", "tagline"), "avatar"]}),
        (
            _("Who"),
            {
                "classes": ["tab"],
                "fields": [
                    "system_prompt",
                    "description",
                    "personality",
                    "scenario",
                    "post_history",
                    "depth_prompt",
                    ("depth_prompt_depth", "depth_prompt_role"),
                ],
            },
        ),
        (
            _("Words"),
            {
                "classes": ["tab"],
                "fields": [
                    "greeting",
                    "alternate_greetings",
                    "examples",
                    ("reply_sentences", "temperature", "speak_up_secs"),
                    "picks_up",
                    "apology",
                    "openers",
                ],
            },
        ),
        (
            _("Voice and mind"),
            {
                "classes": ["tab"],
                "fields": [
                    "language",
                    "other_languages",
                    ("speech_to_speech_provider", "speech_to_speech_model"),
                    ("tts_provider", "tts_model"),
                    "voice",
                    "language_voices",
                    "pronunciations",
                    ("voice_pitch", "voice_speed"),
                    ("llm_provider", "llm_model"),
                    ("stt_provider", "stt_model"),
                ],
            },
        ),
        (
            _("Memory"),
            {
                "classes": ["tab"],
                "fields": [
                    "remembers",
                    "memory_kinds",
                    ("memory_most", "memory_days"),
                    "memory_question",
                    "returning_greeting",
                ],
            },
        ),
        (
            _("Its page"),
            {"classes": ["tab"], "fields": ["about", "tags", ("creator", "creator_version")]},
        ),
        (
            _("Lorebook rules"),
            {
                "classes": ["tab"],
                "fields": [("lore_scan_depth", "lore_token_budget"), "lore_recursive"],
                "description": _("The entries themselves are under Lorebook, below the form."),
            },
        ),
    ]

    class Media:
        js: ClassVar = [
            "characters/desk.js",
            "characters/repertoire.js",
            "characters/unsaved.js",
            "characters/chat.js",
            "characters/voice.js",
            "characters/casting.js",
            "characters/portrait.js",
            "characters/lore.js",
            "characters/documents.js",
            "characters/export.js",
        ]
        css: ClassVar = {"all": ["characters/desk.css", "characters/lore.css"]}

    def get_urls(self) -> list[URLPattern]:
        return [
            *self.unsaved_urls(),
            *self.bin_urls(),
            *self.chat_urls(),
            *self.document_urls(),
            *self.card_urls(),
            *self.lore_urls(),
            *self.sharing_urls(),
            *self.lorebook_urls(),
            *self.tool_urls(),
            *self.history_urls(),
            *self.rehearsal_urls(),
            *self.repertoire_urls(),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Character | None = None) -> tuple[str, ...]:
        return ()

    def get_view_on_site_url(self, obj: Character | None = None) -> str | None:
        """Only who is on stage has a page."""
        return super().get_view_on_site_url(obj) if obj and obj.published_id else None

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Character | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ["name"]}

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("characters.publish_character")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {
            "may_publish": self.has_publish_permission(request),
            **(extra_context or {}),
        }
        character = self.get_object(request, object_id) if object_id else None
        if character is not None and request.user.has_perm("characters.view_loreentry"):
            context |= {**self.lore_context(request, character), **self.sharing_context(request, character)}
        if character is not None:
            context |= self.documents_context(request, character)
        return super().changeform_view(request, object_id, form_url, context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        publishing.changed_draft(form.instance)
        if "speech_to_speech_provider" in form.changed_data or "voice" in form.changed_data:
            for sentence in provider_choice.ask().lacks(content.draft_spec(form.instance, [])):
                self.message_user(request, sentence, "WARNING")

    def response_change(self, request: HttpRequest, obj: Character) -> Any:
        """*Publish* saves first."""
        if "_publish" in request.POST and self.has_publish_permission(request):
            return redirect("admin:characters_character_publish", obj.pk)
        return super().response_change(request, obj)

    @display(description=_("portrait"))
    def portrait(self, character: Character) -> str:
        if not character.avatar:
            return format_html('<span class="desk-initial">{}</span>', character.name[:1])
        return format_html('<img class="desk-portrait" src="{}" alt="" loading="lazy">', character.avatar.url)

    @display(description=_("on stage"), label={"live": "success", "changed": "warning", "draft": "info"})
    def state(self, character: Character) -> tuple[str, str]:
        return home.state_of(character)

    @admin.action(description=_("Publish the selected characters"), permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Character]) -> None:
        done = 0
        for character in queryset:
            try:
                version = publishing.publish(character, author=request.user)
                self.log_change(request, character, f"Published version {version.number}.")
                done += 1
                for note in reports.of(content.draft_spec(character)).remarks:
                    self.message_user(request, f"{character.name}: {note}", "WARNING")
            except NotPublishable as error:
                self.message_user(request, str(error), "ERROR")
        if done:
            self.message_user(request, _("On stage now: %(count)d.") % {"count": done})

    @admin.action(description=_("Take the selected characters off the stage"), permissions=["publish"])
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[Character]) -> HttpResponse | None:
        on_stage = queryset.exclude(published=None)
        if "sure" not in request.POST:
            context = {**self.admin_site.each_context(request), "opts": self.opts, "queryset": on_stage}
            title = _("Take these off the stage?")
            return render(request, "admin/characters/withdraw_selected.html", context | {"title": title})
        done = 0
        for character in on_stage:
            if publishing.withdraw(character):
                self.log_change(request, character, "Withdrawn.")
                done += 1
        self.message_user(request, _("%d taken off the stage.") % done)
        return None
