"""Dashboard figures: conversations, minutes, latency and errors, counted from rows that hold no words."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from characters.admin import drafts_for
from sessions_app.admin import spending
from sessions_app.manager import TOUCH_SECS
from sessions_app.models import SealedMemory, SessionTurn, VisitorMemory, VoiceSession
from sessions_app.stores import get_store

DAYS = 14
SESSIONS = "admin:sessions_app_voicesession_changelist"
BRASS, GLASS, WRONG = "var(--color-primary-500)", "#5b9cc0", "#d4584c"


def _daily(sql: str, days: list[date]) -> dict[date, tuple[Any, ...]]:
    """The rows of a query that gives a day of TIME_ZONE first, by day."""
    with connection.cursor() as cursor:
        first = timezone.make_aware(datetime.combine(days[0], time.min))
        cursor.execute(sql, [settings.TIME_ZONE, first])
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _sessions(days: list[date]) -> dict[date, tuple[Any, ...]]:
    table = VoiceSession._meta.db_table
    return _daily(
        f"""SELECT (created_at AT TIME ZONE %s)::date, count(*), sum(connected_secs) / 60.0, sum(errors)
            FROM "{table}" WHERE created_at >= %s AND NOT draft GROUP BY 1""",  # noqa: S608
        days,
    )


def _latencies(days: list[date]) -> dict[date, tuple[Any, ...]]:
    turns, sessions = SessionTurn._meta.db_table, VoiceSession._meta.db_table
    return _daily(
        f"""SELECT (turn.created_at AT TIME ZONE %s)::date,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY turn.latency_ms),
                   percentile_cont(0.95) WITHIN GROUP (ORDER BY turn.latency_ms)
            FROM "{turns}" turn JOIN "{sessions}" session ON session.id = turn.session_id
            WHERE turn.created_at >= %s AND turn.latency_ms IS NOT NULL AND NOT session.draft
            GROUP BY 1""",  # noqa: S608
        days,
    )


def figures(now: Callable[[], Any] = timezone.now) -> dict[str, Any]:
    """What the dashboard shows: numbers of today, and a series of each for the last two weeks."""
    moment = now()
    today = timezone.localtime(moment).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    talk, waits = _sessions(days), _latencies(days)
    recent = moment - timedelta(seconds=3 * TOUCH_SECS)
    active = VoiceSession.objects.filter(
        state=VoiceSession.State.ACTIVE, active_at__gt=recent, draft=False
    ).count()

    def series(rows: dict[date, tuple[Any, ...]], column: int, digits: int = 0) -> list[float | None]:
        values = [rows[day][column] if day in rows else None for day in days]
        return [None if value is None else round(float(value), digits) for value in values]

    remembered = VisitorMemory.objects.filter(consent=VisitorMemory.Consent.YES).count()
    return {
        "visitors_remembered": remembered,
        "memories": SealedMemory.objects.filter(expires_at__gt=moment).count(),
        "days": [formats.date_format(day, "MONTH_DAY_FORMAT") for day in days],
        "active": active,
        "conversations": [value or 0 for value in series(talk, 0)],
        "minutes": [value or 0 for value in series(talk, 1, 1)],
        "errors": [value or 0 for value in series(talk, 2)],
        "p50": series(waits, 0),
        "p95": series(waits, 1),
    }


AXIS = {"grid": {"color": "rgba(100, 120, 108, .3)"}, "ticks": {"color": "#8a968d", "precision": 0}}
OPTIONS = {  # of Chart.js
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "spanGaps": True,
    "maxBarThickness": 18,
    "borderRadius": 4,
    "pointRadius": 2,
    "borderWidth": 2,
    "plugins": {"legend": {"display": False}},
    "scales": {"x": {**AXIS, "grid": {"display": False}}, "y": {**AXIS, "beginAtZero": True}},
}


def _chart(label: Any, kind: str, days: list[str], **lines: tuple[Any, list[Any], str]) -> dict[str, Any]:
    """A chart for the template; each line with its label, its values by day and its colour."""
    datasets = [
        {"label": str(said), "data": values, "borderColor": colour, "backgroundColor": colour}
        for said, values, colour in lines.values()
    ]
    return {"label": label, "kind": kind, "data": json.dumps({"labels": days, "datasets": datasets})}


def _number(label: Any, value: float | None, *, unit: str = "", **filters: Any) -> dict[str, Any]:
    """A number for the template; `filters` of the list of conversations lead to what it counts."""
    where = f"{reverse(SESSIONS)}?{urlencode({**filters, 'draft__exact': 0})}" if filters else ""
    shown = "-" if value is None else formats.number_format(round(value), force_grouping=True)
    return {"label": label, "value": shown, "unit": unit, "url": where}


def add_to(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds to the admin's first page what its reader works on: characters, figures of conversations."""
    context |= drafts_for(request)
    if request.user.has_perm("sessions_app.view_usage"):
        context["spending"] = spending.charts()
    if not request.user.has_perm("sessions_app.view_voicesession"):
        return context
    if not get_store().in_rows:
        context["uncounted"] = settings.SESSION_STORE
        return context
    found = figures()
    days, today = found["days"], timezone.localdate()
    of_today = {f"created_at__{part}": getattr(today, part) for part in ("year", "month", "day")}
    context["figures"] = {
        "numbers": [
            _number(_("Talking now"), found["active"], state__exact="active"),
            _number(_("Conversations today"), found["conversations"][-1], **of_today),
            _number(_("Minutes talked today"), found["minutes"][-1]),
            _number(_("Wait for a reply, median"), found["p50"][-1], unit="ms"),
            _number(_("Wait for a reply, 95th percentile"), found["p95"][-1], unit="ms"),
            _number(_("Visitors remembered"), found["visitors_remembered"]),
            _number(_("Memories"), found["memories"]),
            _number(_("Errors today"), found["errors"][-1], errors="some", **of_today),
        ],
        "charts": [
            _chart(
                _("Conversations a day"),
                "bar",
                days,
                conversations=(_("Conversations"), found["conversations"], BRASS),
            ),
            _chart(_("Minutes talked a day"), "bar", days, minutes=(_("Minutes"), found["minutes"], GLASS)),
            _chart(
                _("From the end of a question to the first sound, ms"),
                "line",
                days,
                p50=(_("median"), found["p50"], BRASS),
                p95=(_("95th percentile"), found["p95"], GLASS),
            ),
            _chart(_("Errors a day"), "bar", days, errors=(_("Errors"), found["errors"], WRONG)),
        ],
        "options": json.dumps(OPTIONS),
        "empty": not any(found["conversations"]),
    }
    return context
