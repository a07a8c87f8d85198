"""Log context: a request's id and a session's, for log lines and spans."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
session_id: ContextVar[str] = ContextVar("session_id", default="")
