"""Admin of usage and prices: what was used by whom and what it costs, as a page and as CSV."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from characters import provider_choice
from sessions_app.admin import names, spending
from sessions_app.admin.lookups import OwnFilters
from sessions_app.costs import PriceList, coverage, figures
from sessions_app.models import Budget, Price, Usage

STAGES = ("stt", "llm", "tts")
SPANS = (1, 7, 14, 30, 90, 365)
DIMENSIONS = {
    "day": gettext_lazy("day"),
    "character": gettext_lazy("character"),
    "provider": gettext_lazy("provider"),
    "model": gettext_lazy("model"),
    "source": gettext_lazy("what for"),
    "visitor": gettext_lazy("visitor"),
    "session_id": gettext_lazy("conversation"),
    "api_key": gettext_lazy("API key"),
}
MOST_ROWS = 200  # of the page; the CSV has all
CONVERSATIONS = "admin:sessions_app_voicesession_change"


class Asked(NamedTuple):
    by: str
    days: int
    found: Any


class _Line:
    """A file that gives back what is written."""

    def write(self, value: str) -> str:
        return value


@admin.register(Usage)
class UsageAdmin(ModelAdmin):
    """Rows themselves are shown nowhere: their sums are."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.csv))
        return [path("csv/", view, name="sessions_app_usage_csv"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Usage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Usage | None = None) -> bool:
        return False

    def _asked(self, request: HttpRequest) -> Asked:
        if not self.has_view_permission(request):
            raise PermissionDenied
        by = request.GET.get("by", "day")
        given = request.GET.get("days", "14")
        days = int(given) if given in map(str, SPANS) else 14
        today = timezone.localdate()
        found = figures.between(today - timedelta(days=days - 1), today)
        return Asked(by if by in DIMENSIONS else "day", days, found)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked, prices = self._asked(request), PriceList.current()
        lines = figures.lines(asked.found, asked.by, prices)
        if asked.by == "day":
            lines = lines[::-1]
        elif asked.by in ("session_id", "visitor"):
            lines = sorted(lines, key=lambda line: line.tokens, reverse=True)
        called = _names(asked.by, lines[:MOST_ROWS])
        whole = figures.total(asked.found, prices)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Usage and cost"),
            "by": asked.by,
            "days": asked.days,
            "dimensions": list(DIMENSIONS.items()),
            "spans": SPANS,
            "head": [DIMENSIONS[asked.by], *_head()],
            "rows": [_row(asked.by, line, called) for line in lines[:MOST_ROWS]],
            "total": figures.words(whole.cost, whole.unknown_sessions),
            "estimated": whole.amounts["estimated"],
            "unmeasured": whole.amounts["unmeasured"],
            "may_price": request.user.has_perm("sessions_app.view_price"),
        }
        return render(request, "admin/costs/page.html", context)

    def csv(self, request: HttpRequest) -> StreamingHttpResponse:
        """All sums, with plain numbers; what is not known is an empty cell beside a 1 in `unknown`."""
        asked, prices = self._asked(request), PriceList.current()
        lines = figures.lines(asked.found, asked.by, prices)
        currencies = sorted({currency for line in lines for currency in line.cost.known})
        head = [asked.by, *Usage.AMOUNTS, *(f"cost_{currency}" for currency in currencies), "unknown"]

        def rows() -> Iterator[str]:
            writer = csv.writer(_Line())
            yield writer.writerow(head)
            for line in lines:
                costs = [
                    f"{line.cost.known[each]:f}" if each in line.cost.known else "" for each in currencies
                ]
                key = "" if line.key is None else _harmless(str(line.key))
                amounts = [line.amounts[name] for name in Usage.AMOUNTS]
                yield writer.writerow([key, *amounts, *costs, int(line.cost.unknown)])

        answer = StreamingHttpResponse(rows(), content_type="text/csv; charset=utf-8")
        name = f"usage-by-{asked.by}-{timezone.localdate().isoformat()}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _head() -> list[str]:
    return [
        _("requests"),
        _("input tokens"),
        _("cached"),
        _("output tokens"),
        _("heard, min"),
        _("characters spoken"),
        _("spoken, min"),
        _("cost"),
    ]


def _names(by: str, lines: list[figures.Line]) -> Mapping[Any, str]:
    keys = [line.key for line in lines if line.key]
    match by:
        case "character":
            return spending.names_of_characters(keys)
        case "visitor":
            return names.names_of(keys)
        case "api_key":
            return {0: _("none"), **spending.names_of_keys()}
        case "source":
            return {value: str(label) for value, label in Usage.Source.choices}
    return {}


def _row(by: str, line: figures.Line, called: Mapping[Any, str]) -> dict[str, Any]:
    number = formats.number_format
    amounts = line.amounts

    def whole(name: str) -> str:
        return number(amounts[name], force_grouping=True)

    def minutes(name: str) -> str:
        return number(amounts[name] / 60_000, 1, force_grouping=True)

    label = formats.date_format(line.key) if isinstance(line.key, date) else called.get(line.key, line.key)
    return {
        "label": label or _("none of these"),
        "url": reverse(CONVERSATIONS, args=[line.key]) if by == "session_id" and line.key else "",
        "cells": [
            whole("calls"),
            whole("input_tokens"),
            whole("cached_tokens"),
            whole("output_tokens"),
            minutes("heard_ms"),
            whole("characters"),
            minutes("spoken_ms"),
            figures.words(line.cost, line.unknown_sessions),
        ],
    }


@admin.register(Price)
class PriceAdmin(OwnFilters, ModelAdmin):
    """Another price is another row, valid from another day, so that the past keeps its cost."""

    list_display: ClassVar = ["provider", "stage", "model", "unit", "price", "currency", "valid_from"]
    list_filter: ClassVar = ["stage", "provider", "currency"]
    search_fields: ClassVar = ["provider", "model"]
    fieldsets: ClassVar = [
        (None, {"fields": [("stage", "provider", "model"), ("unit", "price", "currency"), "valid_from"]})
    ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"valid_from": timezone.localdate(), **super().get_changeform_initial_data(request)}


class BudgetForm(forms.ModelForm):
    """Offers the providers of each stage to step down to."""

    class Meta:
        model = Budget
        fields: ClassVar = [
            "period",
            "character",
            "api_key",
            "amount",
            "currency",
            "active",
            "step_at",
            *(f"{stage}_provider" for stage in STAGES),
            "line",
        ]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for stage in STAGES:
            if field := self.fields.get(f"{stage}_provider"):
                offered = [("", _("as before")), *provider_choice.ask().providers(stage)]
                field.widget = UnfoldAdminSelectWidget(choices=offered)


@admin.register(Budget)
class BudgetAdmin(OwnFilters, ModelAdmin):
    """Says, when one is saved, of what the price is not known: that does not count."""

    form = BudgetForm
    list_display: ClassVar = ["__str__", "character", "api_key", "step_at", "active"]
    list_filter: ClassVar = ["active", "period"]
    fieldsets: ClassVar = [
        (None, {"fields": [("amount", "currency", "period"), ("character", "api_key"), "active"]}),
        (
            gettext_lazy("When it is nearly spent"),
            {"fields": ["step_at", ("stt_provider", "llm_provider", "tts_provider")]},
        ),
        (gettext_lazy("When it is spent"), {"fields": ["line"]}),
    ]

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if missing := coverage.without_price(obj):
            sentence = _(
                "Of these the price in %(currency)s is not known, so that they do not count: %(names)s."
            )
            said = sentence % {"currency": obj.currency, "names": ", ".join(missing)}
            self.message_user(request, said, messages.WARNING)
