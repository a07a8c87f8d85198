"""Session stores. Each store reads in one sitting; the manager does not know which one it has."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from sessions_app.stores.base import (
    CONTENTION_TRIES,
    Appended,
    Condition,
    Expired,
    Later,
    More,
    PageEnd,
    Removed,
    Room,
    Store,
)
from sessions_app.stores.records import RECORD_FIELDS, TURN_FIELDS, Record, SummaryRecord, TurnRecord

__all__ = [
    "CONTENTION_TRIES",
    "RECORD_FIELDS",
    "TURN_FIELDS",
    "Appended",
    "Condition",
    "Expired",
    "Later",
    "More",
    "PageEnd",
    "Record",
    "Removed",
    "Room",
    "Store",
    "SummaryRecord",
    "TurnRecord",
    "get_store",
]

STORES = {
    "memory": "sessions_app.stores.memory.MemoryStore",  # one process, gone with it
    "cache": "sessions_app.stores.cache.CacheStore",  # Django's cache
    "db": "sessions_app.stores.db.DatabaseStore",  # PostgreSQL
    "cached_db": "sessions_app.stores.cached_db.CachedDatabaseStore",  # both: the default
}


@cache
def _made(name: str) -> Store:
    store: Store = import_string(STORES.get(name, name))()
    return store


def get_store() -> Store:
    """The store that SESSION_STORE names: one of the four, or the dotted path of another."""
    return _made(settings.SESSION_STORE)
