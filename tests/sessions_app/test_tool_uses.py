"""The audit of tools goes when ended sessions do, and a transcript shows a call in one line."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from sessions_app import expiry
from sessions_app.database import database_clock
from sessions_app.models import ToolUse
from sessions_app.session import ToolCall

pytestmark = pytest.mark.django_db


def use(ago: timedelta) -> ToolUse:
    at = database_clock.measure() - ago
    about = {"character": "marlow", "tool": "dice", "kind": "dice", "outcome": "ok", "took_ms": 3}
    return ToolUse.objects.create(session_id=uuid4(), at=at, **about)


def test_uses_are_kept_as_long_as_ended_sessions():
    kept = timedelta(seconds=settings.SESSION_RETENTION)
    young, _old = use(kept - timedelta(hours=1)), use(kept + timedelta(hours=1))
    assert expiry.sweep()["tool uses"] == 1
    assert list(ToolUse.objects.all()) == [young]


def test_a_call_is_one_short_line():
    call = ToolCall("1", "weather", {"place": "Oslo"}, "rain\n" * 400)
    assert "\n" not in call.line
    assert call.line.startswith("weather(place: Oslo) → rain rain")
    assert len(call.line) < 400
    assert ToolCall.of(call.text) == call
    assert ToolCall.of("Ahoy.") is None
    assert "Oslo" not in repr(call)
