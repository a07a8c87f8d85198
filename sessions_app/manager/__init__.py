"""Sessions, made, read, changed and ended: `SessionManager` for coroutines, else `SyncSessionManager`.

Four parts: reader, admission (create, resume, open), lifecycle (change, touch, leave, end), history (turns,
summaries, retention, erasure). Each can be made and used alone.
"""

from sessions_app.manager.admission import SessionAdmission
from sessions_app.manager.history import CARRIED_TURNS, SWEPT_AT_ONCE, SessionHistory
from sessions_app.manager.lifecycle import TOUCH_SECS, SessionLifecycle
from sessions_app.manager.reader import SessionReader
from sessions_app.manager.session_manager import SessionManager, SyncSessionManager

__all__ = [
    "CARRIED_TURNS",
    "SWEPT_AT_ONCE",
    "TOUCH_SECS",
    "SessionAdmission",
    "SessionHistory",
    "SessionLifecycle",
    "SessionManager",
    "SessionReader",
    "SyncSessionManager",
]
