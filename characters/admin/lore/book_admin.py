"""Shared lorebooks at the desk: a page of their own, who uses them, and publishing all of these at once."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from characters.admin.editing import RefusesStaleSaves
from characters.admin.lore import owners
from characters.admin.lore.entries import LoreEditor
from characters.admin.lore.files import LorebookFiles
from characters.admin.request_values import number
from characters.exceptions import NotPublishable
from characters.models import Character, Lorebook
from characters.versions import publishing, shared_books

PUBLISH = "characters.publish_character"


@admin.register(Lorebook)
class LorebookAdmin(RefusesStaleSaves, LoreEditor, LorebookFiles, ModelAdmin):
    """Who may edit entries may edit these."""

    list_display: ClassVar = ["name", "entries", "users", "updated_at"]
    search_fields: ClassVar = ["name", "comment", "entries__name"]
    list_per_page = 50
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "comment"]}),
        (
            _("Where a character says nothing of its own"),
            {"fields": [("lore_scan_depth", "lore_token_budget"), "lore_recursive"]},
        ),
    ]
    formfield_overrides: ClassVar = {
        models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 2})}
    }
    change_form_template = "admin/characters/lore/book_change_form.html"

    class Media:
        js: ClassVar = ["characters/lore.js"]
        css: ClassVar = {"all": ["characters/desk.css", "characters/lore.css"]}

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(self.publish_users)
        return [
            *self.lore_urls(),
            *self.lorebook_urls(),
            path("<int:pk>/publish/", publish, name="characters_lorebook_publish"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lorebook]:
        counts = {
            "entry_count": Count("entries", distinct=True),
            "user_count": Count("characters", distinct=True),
        }
        return super().get_queryset(request).annotate(**counts)

    @display(description=_("entries"), ordering="entry_count")
    def entries(self, book: Any) -> int:
        return int(book.entry_count)

    @display(description=_("used by"), ordering="user_count")
    def users(self, book: Any) -> int:
        return int(book.user_count)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(owners.VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("characters.add_loreentry")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(owners.CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("characters.delete_loreentry")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        book = self.get_object(request, object_id) if object_id else None
        if book is not None:
            context |= self.lore_context(request, book)
            context |= {"users": shared_books.users_of(book), "may_publish": request.user.has_perm(PUBLISH)}
        return super().changeform_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Lorebook, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.has_changed():
            shared_books.changed_book(obj)

    def delete_model(self, request: HttpRequest, obj: Lorebook) -> None:
        using = list(obj.characters.values_list("pk", flat=True))
        super().delete_model(request, obj)
        shared_books.changed_drafts(using)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Lorebook]) -> None:
        using = list(Character.objects.filter(books__in=queryset).values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        shared_books.changed_drafts(using)

    def publish_users(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who uses the book and has changes to publish; the chosen ones go on stage as they are now."""
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        book = get_object_or_404(Lorebook, pk=pk)
        if request.method == "POST":
            self._publish(request, book)
            return redirect("admin:characters_lorebook_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "book": book,
            "users": [user for user in shared_books.users_of(book) if user.changed],
            "title": gettext("Publish who uses %(name)s") % {"name": book},
        }
        return render(request, "admin/characters/lore/publish.html", context)

    def _publish(self, request: HttpRequest, book: Lorebook) -> None:
        """Each as the page showed it: `character` is its number and the digest of that draft."""
        chosen = dict(one.partition(":")[::2] for one in request.POST.getlist("character"))
        done = []
        for character in book.characters.filter(pk__in=map(number, chosen)).order_by("pk"):
            try:
                version = publishing.publish(
                    character,
                    note=request.POST.get("note", ""),
                    author=request.user,
                    digest=chosen[str(character.pk)],
                )
            except NotPublishable as error:
                self.message_user(request, str(error), "ERROR")
                continue
            self.log_change(request, character, f"Published version {version.number}.")
            done.append(character.name)
        if done:
            said = gettext("On stage with this lorebook as it is now: %(names)s.")
            self.message_user(request, said % {"names": ", ".join(done)}, "SUCCESS")
