"""Admin of API keys: made, shown once, revoked."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from sessions_app.admin.lookups import OwnFilters
from sessions_app.identity import api_keys
from sessions_app.models import ApiKey, Scope

# What whoever makes a key has to be allowed, to give it a scope.
ASKED: dict[str, str] = {
    Scope.READ: "sessions_app.read_transcript",
    Scope.WRITE: "sessions_app.delete_voicesession",
    Scope.MEMORIES: "sessions_app.read_transcript",
    Scope.EVENTS: "sessions_app.change_outboxevent",
}


class ApiKeyForm(forms.ModelForm):
    origins = SimpleArrayField(
        forms.CharField(max_length=200),
        delimiter="\n",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        label=_("Pages"),
        help_text=_("One a line, such as https://partner.example. Empty: for programs, not for pages."),
    )

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=[Scope.START],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=_("What for"),
        help_text=_("Whatever goes beyond beginning conversations is for programs: such a key has no pages."),
    )

    class Meta:
        model = ApiKey
        fields: ClassVar = ["name", "scopes", "origins"]

    def clean_scopes(self) -> list[str]:
        return self.cleaned_data["scopes"] or [str(Scope.START)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("origins") and set(given.get("scopes", ())) - {Scope.START}:
            raise ValidationError(_("A key that pages use begins conversations, and does nothing else."))
        return given

    def clean_origins(self) -> list[str]:
        origins = [origin.strip() for origin in self.cleaned_data["origins"] if origin.strip()]
        api_keys.validate_origins(origins)
        return origins


@admin.register(ApiKey)
class ApiKeyAdmin(OwnFilters, ModelAdmin):
    """A key is shown once, when it is made; afterwards it can only be revoked."""

    form = ApiKeyForm
    list_display: ClassVar = [
        "name",
        "shown",
        "scopes_in_words",
        "pages",
        "created_at",
        "used_at",
        "revoked_at",
    ]
    search_fields: ClassVar = ["name", "shown"]
    actions: ClassVar = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return super().has_change_permission(request, obj) if obj is None else False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # revoking keeps the record of it

    @admin.display(description=_("what for"))
    def scopes_in_words(self, key: ApiKey) -> str:
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)

    @admin.display(description=_("pages"))
    def pages(self, key: ApiKey) -> str:
        return ", ".join(key.origins)

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Nobody hands out a scope for what they may not do themselves."""
        form = super().get_form(request, obj, change, **kwargs)
        if "scopes" in form.base_fields:
            form.base_fields["scopes"].choices = [
                (scope, label)
                for scope, label in Scope.choices
                if scope not in ASKED or request.user.has_perm(ASKED[scope])
            ]
        return form

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        row, text = api_keys.issue(obj.name, obj.origins, form.cleaned_data["scopes"])
        obj.pk, obj.shown, obj.created_at = row.pk, row.shown, row.created_at
        obj.text = text  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The key stands in this answer and nowhere else: a message would take it into a cookie."""
        context = {**self.admin_site.each_context(request), "title": gettext("A new key"), "opts": self.opts}
        shown = {"key": obj, "text": obj.text}  # type: ignore[attr-defined]
        return render(request, "admin/api_key.html", context | shown)

    @admin.action(description=_("Revoke the selected keys"), permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            api_keys.revoke(key)
            self.log_change(request, key, gettext_noop("Revoked."))
        self.message_user(request, gettext("Revoked: %(count)d.") % {"count": len(queryset)})
