"""In production nothing starts on secrets that somebody else could know."""

import pytest

from tests.config.test_embedded import run

KEYS = "k1:x0pBr7Cq1mK2vYw3ZfQ4nEo5uIa6tHs8dLg9jVbNcMk="


@pytest.mark.parametrize(
    ("missing", "environment"),
    [
        ("SECRET_KEY", {"SESSION_KEYS": KEYS}),
        ("SESSION_KEYS", {"SECRET_KEY": "s" * 60}),
    ],
)
def test_production_refuses_to_start_without(missing, environment):
    shown = run("", PRODUCTION="1", DATABASE_URL="postgresql://x@127.0.0.1/x", **environment)
    assert shown.returncode != 0
    assert f"{missing} is not set" in shown.stderr
    assert "make secrets" in shown.stderr


def test_production_cookies_and_redirects_are_strict():
    shown = run(
        "from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.DEBUG)",
        PRODUCTION="1",
        DATABASE_URL="postgresql://x@127.0.0.1/x",
        SECRET_KEY="s" * 60,
        SESSION_KEYS=KEYS,
    )
    assert shown.stdout.split() == ["True", "True", "True", "False"], shown.stderr


def test_a_development_machine_makes_its_own_secrets_once(tmp_path):
    show = "from django.conf import settings as s; print(s.SECRET_KEY, s.SESSION_KEYS)"
    database = {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "DATA_DIR": str(tmp_path)}
    first = run(show, SECRET_KEY="", SESSION_KEYS="", **database)
    second = run(show, SECRET_KEY="", SESSION_KEYS="", **database)
    assert first.stdout == second.stdout != ""
    assert (tmp_path / "session_keys").stat().st_mode & 0o077 == 0


def test_production_refuses_a_weak_key_at_the_start():
    shown = run(
        "",
        PRODUCTION="1",
        DATABASE_URL="postgresql://x@127.0.0.1/x",
        SECRET_KEY="s" * 60,
        SESSION_KEYS="k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    )
    assert shown.returncode != 0
    assert "not drawn at random" in shown.stderr
