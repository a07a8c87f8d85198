"""A faster flush after tests with `transaction=True`: what has rows is emptied, what migrations wrote stays.

Django's own empties all tables and then makes each content type and permission anew, a fifth of a second of a
core; the roles that a migration has made are gone after it.
"""

from concurrent.futures import Executor
from functools import cache
from typing import Any

from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

from sessions_app.database import threads

# What migrations write; in this order, as each names those before it.
KEPT = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")


@cache
def _kept(database: str) -> dict[str, list[tuple[Any, ...]]]:
    return {name: _rows(name) for name in KEPT}


def _rows(table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {} t ORDER BY 1").format(sql.Identifier(table)))
        return list(cursor.fetchall())


def _empty(tables: list[str]) -> None:
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


def filled() -> list[str]:
    """The tables that have rows, without those that migrations write."""
    others = set(connection.introspection.table_names()) - set(KEPT) - {"django_migrations"}
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in sorted(others)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [name for (name,) in cursor.fetchall()]


def flush() -> None:
    """Leaves the database as the migrations do."""
    if left := filled():
        _empty(left)
    kept = _kept(connection.settings_dict["NAME"])
    if kept == {name: _rows(name) for name in KEPT}:
        return
    _empty(list(KEPT))
    with connection.cursor() as cursor:
        for name, rows in kept.items():
            values = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0])) if rows else None
            if values:
                into = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(name), values)
                cursor.executemany(into, rows)


class DatabaseThreads:
    """Whether something was asked of the database threads, whose work no test's transaction undoes."""

    def __init__(self, pool: Executor):
        self._submit, self._asked = pool.submit, False
        pool.submit = self.submit  # type: ignore[method-assign]

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self._asked = True
        return self._submit(*args, **kwargs)

    def were_asked(self) -> bool:
        """Since this was called last."""
        asked, self._asked = self._asked, False
        return asked


database_threads = DatabaseThreads(threads._threads)


def install() -> None:
    """In place of Django's, once the test database is there and as the migrations have left it."""
    _kept(connection.settings_dict["NAME"])
    TransactionTestCase._fixture_teardown = lambda _: flush()  # type: ignore[method-assign]
