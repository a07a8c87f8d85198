"""Admin of events out: who is told of what, with which secret; and what became of each delivery."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from sessions_app.admin.lookups import OwnFilters
from sessions_app.database import database_clock
from sessions_app.models import TELLING, EventEndpoint, OutboxEvent
from sessions_app.outbox import leases, note_test, secrets

WORDS = "sessions_app.read_transcript"  # whoever has words sent has to be allowed to read them


class EventEndpointForm(forms.ModelForm):
    url = forms.URLField(
        max_length=500,
        assume_scheme="https",
        label=_("Address"),
        widget=UnfoldAdminURLInputWidget,
        help_text=_(
            "Events are posted to it. It begins with https://; plain http:// reaches nothing but networks "
            "of this house that are allowed."
        ),
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in TELLING],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=_("Events"),
    )

    class Meta:
        model = EventEndpoint
        fields: ClassVar = ["name", "url", "kinds", "with_words", "active"]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or parts.username is not None:
            raise ValidationError(_("It begins with https://, and has no name or password in it."))
        return url


@admin.register(EventEndpoint)
class EventEndpointAdmin(OwnFilters, ModelAdmin):
    """A secret is shown once, when it is made: with the endpoint, or in place of the one before."""

    form = EventEndpointForm
    list_display: ClassVar = ["name", "url", "with_words", "active", "waits", "delivered_at", "told"]
    list_filter: ClassVar = ["active"]
    search_fields: ClassVar = ["name", "url"]
    actions_submit_line: ClassVar = ["send_test", "new_secret"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventEndpoint]:
        waiting = Count("outboxevent", filter=Q(outboxevent__state=OutboxEvent.State.WAITING))
        return super().get_queryset(request).annotate(waiting=waiting)

    def get_readonly_fields(self, request: HttpRequest, obj: EventEndpoint | None = None) -> list[str]:
        return [] if request.user.has_perm(WORDS) else ["with_words"]

    def has_change_permission(self, request: HttpRequest, obj: EventEndpoint | None = None) -> bool:
        """Words are not led elsewhere by somebody who may not read them. Unfold's buttons give an id."""
        wordy = isinstance(obj, EventEndpoint) and obj.with_words
        return (not wordy or request.user.has_perm(WORDS)) and super().has_change_permission(request, obj)

    @admin.display(description=_("waiting"), ordering="waiting")
    def waits(self, endpoint: EventEndpoint) -> int:
        return endpoint.waiting  # type: ignore[attr-defined]

    @admin.display(description=_("note"))
    def told(self, endpoint: EventEndpoint) -> str:
        """Why it was switched off, or since when it fails."""
        if endpoint.note:
            return gettext(endpoint.note)
        if endpoint.failures:
            return gettext("failing since %(when)s") % {"when": endpoint.failing_since}
        return ""

    def save_model(self, request: HttpRequest, obj: EventEndpoint, form: Any, change: bool) -> None:
        if not change:
            obj.text = secrets.issue(obj, database_clock())  # type: ignore[attr-defined]
        if obj.active and "active" in form.changed_data:
            obj.note, obj.failures, obj.failing_since, obj.resting_until = "", 0, None, None
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: EventEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._shown(request, obj)

    def response_change(self, request: HttpRequest, obj: EventEndpoint) -> HttpResponse:
        return self._shown(request, obj) if hasattr(obj, "text") else super().response_change(request, obj)

    def _shown(self, request: HttpRequest, endpoint: EventEndpoint) -> HttpResponse:
        """The secret stands in this answer and nowhere else: a message would take it into a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("A new secret"),
            "opts": self.opts,
        }
        shown = {"endpoint": endpoint, "text": endpoint.text}  # type: ignore[attr-defined]
        return render(request, "admin/event_secret.html", context | shown)

    @action(description=_("Save and send a test event"), permissions=["change"])
    def send_test(self, request: HttpRequest, obj: EventEndpoint) -> None:
        event = note_test(obj, database_clock())
        link = reverse("admin:sessions_app_outboxevent_changelist") + f"?endpoint__id__exact={obj.pk}"
        said = format_html(
            '{} <a href="{}">{}</a>', gettext("A test event is on its way:"), link, event.message
        )
        self.message_user(request, said)

    @action(description=_("Save and make a new secret"), permissions=["change"])
    def new_secret(self, request: HttpRequest, obj: EventEndpoint) -> None:
        obj.text = secrets.issue(obj, database_clock())  # type: ignore[attr-defined]
        obj.save(update_fields=["sealed_secrets", "key_id", "wrapped_key"])
        self.log_change(request, obj, gettext_noop("A new secret was made."))


@admin.register(OutboxEvent)
class OutboxEventAdmin(OwnFilters, ModelAdmin):
    """What is on its way, what arrived, what was given up. No words: they are not even opened here."""

    list_display: ClassVar = [
        "at",
        "kind",
        "endpoint",
        "session_id",
        "state",
        "tries",
        "outcome",
        "settled_at",
    ]
    list_filter: ClassVar = ["state", "kind", "endpoint"]
    list_select_related: ClassVar = ["endpoint"]
    search_fields: ClassVar = ["session_id", "message"]
    show_full_result_count = False
    fields: ClassVar = [
        "message",
        "at",
        "kind",
        "endpoint",
        "session_id",
        "facts",
        "state",
        "tries",
        "outcome",
        "took_ms",
        "due_at",
        "settled_at",
    ]
    actions: ClassVar = ["send_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxEvent | None = None) -> bool:
        return super().has_change_permission(request, obj) if obj is None else False

    def has_delete_permission(self, request: HttpRequest, obj: OutboxEvent | None = None) -> bool:
        return False

    @admin.action(description=_("Send the selected events again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        count = leases.again(list(queryset.values_list("message", flat=True)))
        self.message_user(
            request,
            ngettext("%(count)d event is sent again.", "%(count)d events are sent again.", count)
            % {"count": count},
        )
