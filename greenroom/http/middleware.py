"""Django's own middleware on the event loop, where all it does is read headers, cookies and addresses.

What is not here stays Django's by name, because `manage.py check --deploy` looks for it by name.
"""

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.common import CommonMiddleware
from django.middleware.locale import LocaleMiddleware

from sessions_app.async_middleware import OnTheLoop


class Sessions(OnTheLoop, SessionMiddleware):
    """A session is read by who needs it first, and written here."""

    def writes(self, request: HttpRequest) -> bool:
        session = getattr(request, "session", None)
        return session is not None and bool(session.modified or settings.SESSION_SAVE_EVERY_REQUEST)


class Locale(OnTheLoop, LocaleMiddleware):
    """The language of cookie and header."""


class Common(OnTheLoop, CommonMiddleware):
    """Addresses without their slash; Content-Length."""


class Accounts(OnTheLoop, AuthenticationMiddleware):
    """Who it is, is looked up when somebody asks."""


class Messages(OnTheLoop, MessageMiddleware):
    """In a cookie, or in the session where they are too long for one."""

    def writes(self, request: HttpRequest) -> bool:
        messages = get_messages(request)  # an empty list where nobody has any
        return isinstance(messages, BaseStorage) and (messages.used or messages.added_new)
