"""Session admin: sessions as rows, and their words only with permission and on the record."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from sessions_app.admin import names
from sessions_app.admin.lookups import OwnFilters
from sessions_app.exceptions import SessionError, SessionNotFound
from sessions_app.identity import accounts
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.stores import get_store

EXTENSION_SECS = 24 * 3600
READ = gettext_noop("Read the transcript.")  # of the admin's log, in English; shown in the reader's language
TURNS_OF_A_PAGE = 200
REASONS = {
    "visitor": _("the visitor ended it"),
    "left": _("the visitor left before it began"),
    "moderator": _("a moderator ended it"),
    "expired": _("its time was over"),
    "budget": _("its budget was spent"),
    accounts.DISABLED: _("the account was disabled"),
    accounts.NO_LONGER_STAFF: _("the account is no longer staff's"),
}


class ErrorsFilter(admin.SimpleListFilter):
    title = _("errors")
    parameter_name = "errors"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("some", _("with errors")), ("none", _("without errors"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[VoiceSession]) -> QuerySet[VoiceSession]:
        wanted = {"some": Q(errors__gt=0), "none": Q(errors=0)}.get(self.value() or "", Q())
        return queryset.filter(wanted)


@admin.register(VoiceSession)
class VoiceSessionAdmin(OwnFilters, ModelAdmin):
    list_display = [
        "title",
        "visitor_name",
        "state",
        "turns",
        "duration",
        "latency",
        "active_at",
        "expires_at",
    ]
    list_filter = ["state", ErrorsFilter, "draft", "character"]
    list_select_related = ["character"]
    date_hierarchy = "created_at"
    search_fields = ["id", "visitor", "character__name"]
    actions = ["end_sessions", "end_visitors", "extend_sessions", "erase_sessions"]
    fields = [
        "title",
        "visitor_name",
        "character",
        "version",
        "draft",
        "state",
        "ended_because",
        "turns",
        "connections",
        "latency",
        "errors",
        "created_at",
        "active_at",
        "expires_at",
        "ended_at",
        "wrapped_by",
        "id",
        "visitor",
        "transcript_link",
    ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not get_store().in_rows:
            said = gettext("Conversations are kept in the store “%(store)s”: they are not listed here.")
            self.message_user(request, said % {"store": settings.SESSION_STORE}, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: VoiceSession | None = None) -> bool:
        return super().has_change_permission(request, obj) if obj is None else False

    def has_delete_permission(self, request: HttpRequest, obj: VoiceSession | None = None) -> bool:
        return False  # erasing goes through the manager: see the action

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        return super().changeform_view(
            request, object_id, form_url, {**self._titled(request, object_id), **(extra_context or {})}
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().history_view(
            request, object_id, {**self._titled(request, object_id), **(extra_context or {})}
        )

    def _titled(self, request: HttpRequest, object_id: str | None) -> dict[str, str]:
        """A page's title without the number that a conversation has."""
        found = self.get_object(request, object_id) if object_id else None
        return {"title": names.title_of(found), "subtitle": ""} if found else {}

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of the visitors of a page are looked up at once."""
        found = super().get_changelist_instance(request)
        called = names.names_of({session.visitor for session in found.result_list})
        for session in found.result_list:
            session.called = called[session.visitor]
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[VoiceSession], search_term: str
    ) -> tuple[QuerySet[VoiceSession], bool]:
        found, several = super().get_search_results(request, queryset, search_term)
        if (term := search_term.strip()) and (keys := names.keys_of(term)):
            found |= queryset.filter(visitor__in=keys)
        return found, several

    @admin.display(description=_("conversation"), ordering="created_at")
    def title(self, session: VoiceSession) -> str:
        return names.title_of(session)

    @admin.display(description=_("visitor"), ordering="visitor")
    def visitor_name(self, session: VoiceSession) -> str:
        called: str | None = getattr(session, "called", None)
        return called or names.names_of([session.visitor])[session.visitor]

    @admin.display(description=_("key id"))
    def wrapped_by(self, session: VoiceSession) -> str:
        key = getattr(session, "data_key", None)  # gone after a restore without it
        return key.key_id if key else "-"

    @admin.display(description=_("duration"))
    def duration(self, session: VoiceSession) -> timedelta:
        until = session.ended_at or session.active_at
        return timedelta(seconds=round((until - session.created_at).total_seconds()))

    @admin.display(description=_("why it ended"), ordering="end_reason")
    def ended_because(self, session: VoiceSession) -> str:
        return str(REASONS.get(session.end_reason, session.end_reason))

    @admin.display(description=_("latency"), ordering="latency_ms")
    def latency(self, session: VoiceSession) -> str:
        return "" if session.latency_ms is None else f"{session.latency_ms} ms"

    @admin.display(description=_("transcript"))
    def transcript_link(self, session: VoiceSession) -> str:
        url = reverse("admin:sessions_app_voicesession_transcript", args=[session.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Read what was said (this is recorded)"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.transcript)
        name = "sessions_app_voicesession_transcript"
        return [path("<uuid:session_id>/transcript/", view, name=name), *super().get_urls()]

    def transcript(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """The words of a session, for who may read them; each reading leaves an entry in the admin log."""
        if not request.user.has_perm("sessions_app.read_transcript"):
            raise PermissionDenied
        manager = SyncSessionManager()
        try:
            # One page of it: a conversation of thousands of turns would fill memory and browser.
            after = int(request.GET.get("after", "0")[:9]) if request.GET.get("after", "0").isdecimal() else 0
            turns = manager.turns(session_id, after=after, oldest=TURNS_OF_A_PAGE + 1)
        except SessionNotFound as error:
            raise Http404 from error
        row = get_object_or_404(VoiceSession, pk=session_id)
        LogEntry.objects.log_actions(request.user.pk or 0, [row], CHANGE, READ, single_object=True)
        context = {
            **self.admin_site.each_context(request),
            "title": names.title_of(row),
            "visitor": names.names_of([row.visitor])[row.visitor],
            "session": row,
            "turns": turns[:TURNS_OF_A_PAGE],
            "next": turns[TURNS_OF_A_PAGE - 1].sequence if len(turns) > TURNS_OF_A_PAGE else None,
            "opts": self.model._meta,
        }
        return render(request, "admin/transcript.html", context)  # the admin's views are never cached

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[VoiceSession],
        act: Callable[[UUID], Any],
        logged: str,
        done: str,
    ) -> None:
        """Does something to each session; those that are over or gone are counted, not mourned."""
        if not request.user.has_perm("sessions_app.change_voicesession"):
            raise PermissionDenied
        count, refused = 0, 0
        for session_id in queryset.values_list("pk", flat=True):
            try:
                act(session_id)
                count += 1
                # By id alone: an erased session is no row any more.
                LogEntry.objects.create(
                    user_id=request.user.pk or 0,
                    content_type=ContentType.objects.get_for_model(VoiceSession),
                    object_id=str(session_id),
                    object_repr=str(session_id),
                    action_flag=CHANGE,
                    change_message=logged,
                )
            except SessionError:
                refused += 1
        said = done % {"count": count}
        if refused:
            over = ngettext("%(count)d was over already.", "%(count)d were over already.", refused)
            said += " " + over % {"count": refused}
        self.message_user(request, said)

    @admin.action(description=_("End the selected conversations"))
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[VoiceSession]) -> None:
        manager = SyncSessionManager()
        self._each(
            request,
            queryset,
            lambda pk: manager.end(pk, reason="moderator"),
            gettext_noop("Ended."),
            gettext("Ended: %(count)d."),
        )

    @admin.action(description=_("End every conversation of these visitors"))
    def end_visitors(self, request: HttpRequest, queryset: QuerySet[VoiceSession]) -> None:
        """Everything that these visitors have open, in every process, at once."""
        visitors = set(queryset.values_list("visitor", flat=True))
        theirs = self.model.objects.filter(visitor__in=visitors, state__in=VoiceSession.LIVE)
        self.end_sessions(request, theirs)

    @admin.action(description=_("Give the selected conversations a day more"))
    def extend_sessions(self, request: HttpRequest, queryset: QuerySet[VoiceSession]) -> None:
        manager = SyncSessionManager()
        self._each(
            request,
            queryset,
            lambda pk: manager.extend(pk, EXTENSION_SECS),
            gettext_noop("Extended by a day."),
            gettext("Extended by a day: %(count)d."),
        )

    @admin.action(description=_("Erase the selected conversations for good"))
    def erase_sessions(self, request: HttpRequest, queryset: QuerySet[VoiceSession]) -> None:
        if not request.user.has_perm("sessions_app.delete_voicesession"):
            self.message_user(request, gettext("You may not erase conversations."), messages.ERROR)
            return
        manager = SyncSessionManager()
        self._each(request, queryset, manager.erase, gettext_noop("Erased."), gettext("Erased: %(count)d."))
