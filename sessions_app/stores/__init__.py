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
    "STORES",
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
    "add_store",
    "get_store",
]

STORES = {
    "memory": "sessions_app.stores.memory.MemoryStore",  # one process, gone with it
    "cache": "sessions_app.stores.cache.CacheStore",  # Django's cache
    "db": "sessions_app.stores.db.DatabaseStore",  # PostgreSQL
    "cached_db": "sessions_app.stores.cached_db.CachedDatabaseStore",  # both: the default
}


def add_store(name: str, path: str) -> None:
    """Adds a store by a name, from the dotted path of its class. Raises ValueError if the name is taken."""
    if name in STORES:
        raise ValueError(f"There is a store {name!r} already.")
    if not name.isidentifier() or "." not in path:
        raise ValueError(
            f"A store has a plain name and the dotted path of a class, not {name!r} and {path!r}."
        )
    STORES[name] = path


@cache
def _made(name: str) -> Store:
    store: Store = import_string(STORES.get(name, name))()
    return store


def get_store() -> Store:
    """The store that SESSION_STORE names: one of the four, one that an app has added, or the dotted
    path of another."""
    return _made(settings.SESSION_STORE)
