"""The embedded PostgreSQL is a real one, and the only engine."""

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from tests import programs

pytestmark = pytest.mark.django_db


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, with Django set up by these variables."""
    return python(
        f"import django; django.setup(); {code}", DJANGO_SETTINGS_MODULE="config.settings", **environment
    )


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which knows nothing of Django's settings but by these variables."""
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(code)
        return programs.run(str(script), env={**inherited, **environment})


def test_without_a_database_url_postgresql_18_serves_itself(tmp_path):
    shown = run(
        "from django.db import connection as c; print('version', c.pg_version // 10000)",
        DATABASE_URL="",
        DATA_DIR=str(tmp_path),
    )
    assert "version 18" in shown.stdout, shown.stderr
    assert (tmp_path / "postgres" / "PG_VERSION").exists()


@pytest.mark.parametrize("app", ["", "examples.extras"], ids=["prepared", "of other settings"])
def test_it_stops_with_the_last_process_that_uses_it(tmp_path, app):
    done = run("print('done')", DATABASE_URL="", DATA_DIR=str(tmp_path), EXTRA_APPS=app)
    assert done.stdout == "done\n", done.stderr
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_a_database_url_is_used_and_nothing_is_embedded(tmp_path):
    url = f"postgresql://somebody@127.0.0.1:5/{connection.settings_dict['NAME']}"
    shown = run(
        "from django.conf import settings; print(settings.DATABASES['default']['PORT'])",
        DATABASE_URL=url,
        DATA_DIR=str(tmp_path),
    )
    assert shown.stdout.strip() == "5", shown.stderr
    assert not (tmp_path / "postgres").exists()


def test_any_other_engine_is_refused_with_a_sentence():
    shown = run("", DATABASE_URL="sqlite:///db.sqlite3")
    assert shown.returncode != 0
    assert "DATABASE_URL must name a PostgreSQL server" in shown.stderr


@pytest.mark.django_db(transaction=True)
def test_a_connection_goes_from_one_thread_to_the_next():
    def asked() -> tuple[int, set[int]]:
        """The connection that asks, and all there are."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_backend_pid(), array_agg(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database()"
                )
                own, every = cursor.fetchone()
                return own, set(every)
        finally:
            connection.close()

    def in_a_thread() -> tuple[int, set[int]]:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asked).result()

    _, open_before = in_a_thread()
    later = {in_a_thread()[0] for _ in range(5)}
    assert later <= open_before, "each thread had a connection of its own"
