"""Django's PostgreSQL backend whose limit of a statement's time is set by SQL, not asked for at the start.

PgBouncer refuses connections that ask for `options` at their start (unsupported startup parameter). Behind
its transaction pooling a SET holds for a server's connection, which is handed from one client to the next: as
all of ours set the same, that comes to the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes one more of the OPTIONS: `statement_timeout_ms`, 0 for none."""

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params.pop("statement_timeout_ms", None)
        return params

    def _configure_connection(self, connection: Any) -> bool:
        super()._configure_connection(connection)  # type: ignore[misc]
        connection.execute(self._limit(self.settings_dict["OPTIONS"].get("statement_timeout_ms", 0)))
        return True  # to be committed

    @contextmanager
    def without_time_limit(self) -> Iterator[None]:
        """Statements of this thread's connection may take as long as they need: a migration's, say."""
        with self.cursor() as cursor:
            cursor.execute(self._limit(0))
        try:
            yield
        finally:
            with self.cursor() as cursor:
                cursor.execute(self._limit(self.settings_dict["OPTIONS"].get("statement_timeout_ms", 0)))

    @staticmethod
    def _limit(milliseconds: int) -> str:
        return f"SET statement_timeout = {int(milliseconds)}"
