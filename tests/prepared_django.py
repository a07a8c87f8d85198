"""Greenroom as `manage.py serve` has it before it looks at a database: set up once, for forks of a process.

What is imported here has read some settings, and may have kept what it made of them. These are noted, and a
fork in whose environment one of them has another value is refused: it has to set up everything by itself.
"""

import importlib
import os
import sys
from typing import Any

MODULES = (
    "config.asgi",  # with the middleware, and where static files lie
    "voicebot.management.commands.serve",
    "django.core.management.commands.migrate",
)
# Read here, and again by each fork: connections and keys by `suits`, logging by django.setup(). Storages of
# static files look at MEDIA_ROOT and take a folder of their own; the function in the last is always the same.
READ_AGAIN = {"DATABASES", "SESSION_KEYS", "LOGGING", "MEDIA_ROOT", "ABSOLUTE_URL_OVERRIDES"}


class PreparedDjango:
    """Set up in this process, once, in its environment."""

    def __init__(self) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["DATABASE_URL"] = "postgresql://nobody@/nothing"  # nobody connects before the fork
        self._noted: dict[str, Any] = {}
        self._set_up()

    def _set_up(self) -> None:
        import django
        from django.conf import Settings, empty, settings
        from django.db import connections
        from django.urls import get_resolver

        noted = self._noted

        class Noting(Settings):
            def __getattribute__(self, name: str) -> Any:
                value = super().__getattribute__(name)
                if name.isupper() and name not in READ_AGAIN:
                    noted[name] = value
                return value

        settings._setup()  # type: ignore[attr-defined]
        settings._wrapped.__class__ = Noting  # type: ignore[assignment]
        django.setup()
        for name in MODULES:
            importlib.import_module(name)
        _ = get_resolver().reverse_dict  # made once for all
        # Who asks next reads the environment again.
        settings.__dict__.clear()
        settings.__dict__["_wrapped"] = empty
        del sys.modules["config.settings"]
        for made in connections.all(initialized_only=True):
            assert made.connection is None, "a connection does not survive a fork"
            del connections[made.alias]
        connections.__dict__.pop("settings", None)
        connections._settings = None

    def suits(self) -> bool:
        """Whether what was made of settings is what this process's environment would make of them, too."""
        from django.conf import settings

        from sessions_app.crypto import key_ring

        try:
            if any(getattr(settings, name) != value for name, value in self._noted.items()):
                return False
            key_ring()  # as its application does when it is ready
        except Exception:
            return False  # what is wrong with it, is said where nothing is prepared
        return True
