"""Sessions, made, read, changed and ended: `SessionManager` for coroutines, else `SyncSessionManager`.

Four parts: reader, opening (create, resume, open), lifecycle (change, touch, leave, end), history (turns,
summaries, retention, erasure). Each can be made and used alone.
"""

from sessions_app.manager.history import CARRIED_TURNS, SWEPT_AT_ONCE, SessionHistory
from sessions_app.manager.lifecycle import TOUCH_SECS, SessionLifecycle
from sessions_app.manager.opening import SessionOpening
from sessions_app.manager.reader import SessionReader
from sessions_app.manager.session_manager import SessionManager, SyncSessionManager

__all__ = [
    "CARRIED_TURNS",
    "SWEPT_AT_ONCE",
    "TOUCH_SECS",
    "SessionHistory",
    "SessionLifecycle",
    "SessionManager",
    "SessionOpening",
    "SessionReader",
    "SyncSessionManager",
]
