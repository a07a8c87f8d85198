"""In production nothing starts on secrets that somebody else could know."""

import pytest

from greenroom import development
from tests.config.test_embedded import run

KEYS = "k1:x0pBr7Cq1mK2vYw3ZfQ4nEo5uIa6tHs8dLg9jVbNcMk="
SECRET = "Vq3x-0pBr7Cq1mK2vYw3ZfQ4nEo5uIa6tHs8dLg9jVbNcMkP_zRtW"


@pytest.mark.parametrize(
    ("missing", "environment"),
    [
        ("SECRET_KEY", {"SESSION_KEYS": KEYS}),
        ("SESSION_KEYS", {"SECRET_KEY": SECRET}),
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
        SECRET_KEY=SECRET,
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
        SECRET_KEY=SECRET,
        SESSION_KEYS="k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    )
    assert shown.returncode != 0
    assert "not drawn at random" in shown.stderr


STRONG = {
    "PRODUCTION": "1",
    "DATABASE_URL": "postgresql://x@127.0.0.1/x",
    "SECRET_KEY": SECRET,
    "SESSION_KEYS": KEYS,
    "ALLOWED_HOSTS": "voice.example",
}


@pytest.mark.parametrize(
    ("weak", "named"),
    [
        ({"DEBUG": "1"}, "DEBUG"),
        ({"SECRET_KEY": "x"}, "SECRET_KEY"),
        ({"SECRET_KEY": "s" * 60}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "voice.example,*"}, "ALLOWED_HOSTS"),
        ({"REDIS_URL": "redis://redis.internal:6379/0"}, "redis.internal"),
        ({"REDIS_URL": "redis://:SECRETPASS@a:6379,redis://b:6379"}, "b needs a password"),
    ],
)
def test_production_refuses_what_is_weak_by_name(weak, named):
    shown = run("", **{**STRONG, **weak})
    assert shown.returncode != 0
    assert named in shown.stderr
    assert "SECRETPASS" not in shown.stderr
    assert SECRET not in shown.stderr


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"REDIS_URL": "redis://127.0.0.1:6379/0"},
        {"REDIS_URL": "rediss://user:secret@redis.internal:6380/0"},
        {"REDIS_URL": "redis://redis.internal:6379/0", "REDIS_OPTIONS": '{"password": "secret"}'},
    ],
)
def test_what_is_strong_starts(more):
    shown = run("", **STRONG, **more)
    assert shown.returncode == 0, shown.stderr


def test_two_processes_that_start_at_once_make_one_secret(tmp_path):
    path = tmp_path / "secret_key"

    def slowly() -> str:
        # Another process comes while this one is at it, and is done before.
        assert development.remembered(path, lambda: "theirs") == "theirs"
        return "mine"

    assert development.remembered(path, slowly) == "theirs"
    assert path.read_text().strip() == "theirs"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
