"""A faster flush after tests with `transaction=True`: what has rows is emptied, what migrations wrote stays.

Django's own empties all tables and then makes each content type and permission anew, a fifth of a second of a
core; the roles that a migration has made are gone after it.
"""

from functools import cache
from typing import Any

from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

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


def flush() -> None:
    """Leaves the database as the migrations do."""
    others = set(connection.introspection.table_names()) - set(KEPT) - {"django_migrations"}
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in sorted(others)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [name for (name,) in cursor.fetchall()]
    if filled:
        _empty(filled)
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


def install() -> None:
    """In place of Django's, once the test database is there and as the migrations have left it."""
    _kept(connection.settings_dict["NAME"])
    TransactionTestCase._fixture_teardown = lambda _: flush()  # type: ignore[method-assign]
