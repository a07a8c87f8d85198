"""How long memories are kept, and what of them a restored backup has brought back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from sessions_app.identity import visitors
from sessions_app.memories import statements
from sessions_app.stores import Removed

# An anonymous visitor whose cookie is gone comes back to nothing: what is left then is nobody's.
UNVISITED = timedelta(seconds=visitors.VISITOR_COOKIE_SECS)


def _removed(
    memories: str, owners: str, *, first: Sequence[datetime] = (), second: Sequence[datetime] = ()
) -> Removed:
    with connection.cursor() as cursor:
        cursor.execute(statements.FORGET.format(which=memories), [*first, *first])
        (gone,) = cursor.fetchone()
        cursor.execute(statements.FORGET_OWNERS.format(which=owners), second)
        more, keys = cursor.fetchone()
    return Removed(memories=gone + more, memory_keys=keys)


def purge(now: datetime) -> Removed:
    """Removes memories past their character's number of days, and those of visitors who are long gone."""
    return _removed("expires_at <= %s", "active_at <= %s", first=[now], second=[now - UNVISITED])


def erase_again() -> Removed:
    """Erases what the journal of erasures names and a restored backup has brought back."""
    return _removed(statements.JOURNALLED, statements.JOURNALLED)
