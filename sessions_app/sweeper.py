"""Expiry without a scheduler: the server sweeps at an interval, in one process at a time."""

import logging

from django.db import connection

from sessions_app.manager import SyncSessionManager

log = logging.getLogger(__name__)

LOCK = 0x6772_6565_6E72_6F6F  # "greenroo", the advisory lock's number
EVERY_SECS = 300


def sweep(manager: SyncSessionManager | None = None) -> dict[str, int] | None:
    """Purges once, unless another process is at it; returns its counts, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return None
        try:
            counts = (manager or SyncSessionManager()).purge()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    if any(counts.values()):
        log.info("swept: %s", counts)
    return counts
