"""Expiry without a scheduler: the server sweeps at an interval; several processes may do so at once."""

import logging
from datetime import timedelta

from django.conf import settings

from characters.versions import bin
from sessions_app.database import database_clock
from sessions_app.manager import SyncSessionManager
from sessions_app.models import ToolUse

log = logging.getLogger(__name__)

SWEEP_SECS = 300


def sweep(manager: SyncSessionManager | None = None) -> dict[str, int]:
    """Purges by the time that PostgreSQL has at this moment; returns its counts."""
    if manager is None:
        manager = SyncSessionManager(clock=database_clock.measure)
    counts = manager.purge()
    if uses := _forget_uses():
        counts = {**counts, "tool uses": uses}
    if emptied := bin.empty():
        counts = {**counts, "characters": emptied}
    if any(counts.values()):
        log.info("swept: %s", counts)
    return counts


def _forget_uses() -> int:
    """The audit of tools goes as far back as ended sessions are kept; how many rows went."""
    before = database_clock.measure() - timedelta(seconds=settings.SESSION_RETENTION)
    return ToolUse.objects.filter(at__lt=before).delete()[0]
