"""Key rotation: data keys that an older key of the key ring wraps are wrapped by the active one."""

from sessions_app.crypto import WrappedKey, key_ring
from sessions_app.exceptions import RecordUnreadable
from sessions_app.stores import Store


def rewrap_all(store: Store, batch: int) -> int:
    """Rewraps data keys, `batch` at a time; returns how many. See `SessionHistory.rotate`."""
    ring, done, after = key_ring(), 0, None
    while found := store.wrapped_by_others(ring.active, after, batch):
        after = found[-1].id
        for record in found:
            was = WrappedKey(record.key_id, record.wrapped_key)
            try:
                data_key = ring.unwrap(was, record.id)
            except RecordUnreadable:
                continue
            done += store.rewrap(record.id, was, ring.wrap(data_key, record.id))
    return done
