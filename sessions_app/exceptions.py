"""Errors of sessions, each with its code.

Each knows its code, its HTTP status and its WebSocket close code; the views and the consumer turn them
into answers in one place each. Messages are written for a visitor and quote nobody.
"""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


class SessionError(Exception):
    """Base of everything that can go wrong with a session."""

    quotable: ClassVar[bool] = True  # its message may stand in a log
    code: ClassVar[str] = "session_error"
    status: ClassVar[int] = 400
    close_code: ClassVar[int] = 4403
    # Text, translated when it is read.
    message: ClassVar[Any] = _("That did not work. Start again from the gallery.")

    def __init__(self, message: str = "", *, retry_after_secs: int | None = None):
        super().__init__(message or self.message)
        self.retry_after_secs = retry_after_secs


class BadRequest(SessionError):
    code, status, close_code = "bad_request", 400, 4403
    message = _("The request is not what this address expects.")


class TokenInvalid(SessionError):
    code, status, close_code = "bad_token", 401, 4401
    message = _("This way in is used up or too old. Start again to get a new one.")


class KeyInvalid(SessionError):
    code, status, close_code = "bad_key", 401, 4401
    message = "This API key is unknown, revoked, or not for this origin."


class SignInRequired(SessionError):
    code, status, close_code = "sign_in_required", 401, 4401
    message = _("Sign in to talk here.")


class Forbidden(SessionError):
    code, status, close_code = "forbidden", 403, 4403
    message = _("This conversation belongs to somebody else.")


class ScopeMissing(Forbidden):
    code = "scope_missing"
    message: ClassVar[Any] = "This API key is not for that: it takes the scope %(scope)s, and a program."


class OriginRefused(SessionError):
    code, status, close_code = "origin_refused", 403, 4403
    message = _("This page may not talk to this server. Add its origin to ALLOWED_ORIGINS.")


class PlainText(SessionError):
    code, status, close_code = "https_required", 403, 4403
    message = _("Come by https: what is said here, and the way in, are not for the whole network.")


class SessionNotFound(SessionError):
    code, status, close_code = "no_such_session", 404, 4404
    message = _("There is no such conversation. Start a new one.")


class MemoryNotFound(SessionError):
    code, status, close_code = "no_such_memory", 404, 4404
    message = _("Nothing like that is remembered of you.")


class CharacterUnknown(SessionError):
    code, status, close_code = "no_such_character", 404, 4404
    message = _("There is no such character. Pick one from the gallery.")


class CharacterWithdrawn(CharacterUnknown):
    message = _("This character has left the stage. Pick another one from the gallery.")


class SessionOver(SessionError):
    """A session that cannot be talked to any more."""

    code, status, close_code = "session_over", 409, 4410


class SessionEnded(SessionOver):
    code = "session_ended"
    message = _("This conversation has ended. Start a new one.")


class SessionExpired(SessionOver):
    code = "session_expired"
    message = _("This conversation has expired. Start a new one.")


class Replaced(SessionError):
    code, status, close_code = "replaced", 409, 4409
    message = _("This conversation goes on in another window.")


class TooLarge(SessionError):
    code, status, close_code = "too_large", 413, 4403
    message = _("That is more than can be kept.")


class LimitReached(SessionError):
    code, status, close_code = "limit_reached", 429, 4429
    message = _("You have as many conversations open as are allowed. End one first.")


class BudgetSpent(LimitReached):
    """What the house spends in a day, on this character or at all, is spent."""

    code = "budget_spent"
    message = _("This stage has given all it has for today. Come back tomorrow.")


class ServerFull(SessionError):
    code, status, close_code = "full", 503, 4503
    message = _("Every seat is taken. Try again in a minute.")


class Draining(ServerFull):
    """This process is about to stop; another one, or the next at this address, takes whoever tries again."""

    code = "draining"
    message = _("The server restarts. Come back in a moment.")

    def __init__(self, message: str = "", *, retry_after_secs: int | None = 2):
        super().__init__(message, retry_after_secs=retry_after_secs)


class Unforeseen(SessionError):
    """A fault of ours; its cause stands in the log only."""

    code, status, close_code = "internal_error", 500, 1011
    message = _("Something went wrong here. It is not your fault. Come back in a moment.")


class Unavailable(SessionError):
    """Something that sessions need cannot be reached; it passes by itself."""

    code, status, close_code = "unavailable", 503, 4504
    message = _("The server cannot reach its records just now. It tries again by itself; so can you.")

    def __init__(self, message: str = "", *, retry_after_secs: int | None = 5):
        super().__init__(message, retry_after_secs=retry_after_secs)


class RecordUnreadable(SessionError):
    """A stored record that does not open: tampered with, moved, cut off, or its key is gone."""

    code, status, close_code = "unreadable", 503, 4410
    message = _("This conversation cannot be opened. Start a new one.")
