"""Dashboard figures: conversations, minutes, latency and errors, counted from rows that hold no words."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from sessions_app.manager import TOUCH_SECS
from sessions_app.models import SessionTurn, VoiceSession
from sessions_app.stores import get_store

DAYS = 14
BRASS, GLASS, WRONG = "var(--color-primary-500)", "#5b9cc0", "#d4584c"


def _daily(sql: str, days: list[date]) -> dict[date, tuple[Any, ...]]:
    """The rows of a query that gives a day first, by day."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [days[0]])
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _sessions(days: list[date]) -> dict[date, tuple[Any, ...]]:
    table = VoiceSession._meta.db_table
    return _daily(
        f"""SELECT (created_at AT TIME ZONE 'UTC')::date, count(*), sum(connected_secs) / 60.0, sum(errors)
            FROM "{table}" WHERE created_at >= %s AND NOT draft GROUP BY 1""",  # noqa: S608
        days,
    )


def _latencies(days: list[date]) -> dict[date, tuple[Any, ...]]:
    turns, sessions = SessionTurn._meta.db_table, VoiceSession._meta.db_table
    return _daily(
        f"""SELECT (turn.created_at AT TIME ZONE 'UTC')::date,
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
    today = moment.date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    talk, waits = _sessions(days), _latencies(days)
    recent = moment - timedelta(seconds=3 * TOUCH_SECS)
    active = VoiceSession.objects.filter(
        state=VoiceSession.State.ACTIVE, active_at__gt=recent, draft=False
    ).count()

    def series(rows: dict[date, tuple[Any, ...]], column: int, digits: int = 0) -> list[float | None]:
        values = [rows[day][column] if day in rows else None for day in days]
        return [None if value is None else round(float(value), digits) for value in values]

    return {
        "days": [day.strftime("%d %b").lstrip("0") for day in days],
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


def _chart(days: list[str], **lines: tuple[list[Any], str]) -> str:
    datasets = [
        {"label": label.replace("_", " "), "data": data, "borderColor": colour, "backgroundColor": colour}
        for label, (data, colour) in lines.items()
    ]
    return json.dumps({"labels": days, "datasets": datasets})


def add_to(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds the figures to the admin's first page, for who may see sessions at all."""
    if not request.user.has_perm("sessions_app.view_voicesession"):
        return context
    if not get_store().in_rows:
        context["uncounted"] = settings.SESSION_STORE
        return context
    found = figures()
    days = found["days"]
    waits = found["p50"][-1], found["p95"][-1]
    context["tonight"] = {
        "numbers": [
            ("Talking now", found["active"], ""),
            ("Conversations today", int(found["conversations"][-1]), ""),
            ("Minutes talked today", f"{found['minutes'][-1]:.0f}", ""),
            ("Wait for a reply, p50", f"{waits[0]:.0f}" if waits[0] is not None else "-", "ms"),
            ("Wait for a reply, p95", f"{waits[1]:.0f}" if waits[1] is not None else "-", "ms"),
            ("Errors today", int(found["errors"][-1]), ""),
        ],
        "charts": [
            ("Conversations a day", "bar", _chart(days, conversations=(found["conversations"], BRASS))),
            ("Minutes talked a day", "bar", _chart(days, minutes=(found["minutes"], GLASS))),
            (
                "From the end of a question to the first sound, ms",
                "line",
                _chart(days, p50=(found["p50"], BRASS), p95=(found["p95"], GLASS)),
            ),
            ("Errors a day", "bar", _chart(days, errors=(found["errors"], WRONG))),
        ],
        "options": json.dumps(OPTIONS),
        "empty": not any(found["conversations"]),
    }
    return context
