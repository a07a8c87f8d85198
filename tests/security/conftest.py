"""What attacks on the desk share: passwords that are looked at quickly, a clock of logins, and people."""

import logging
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from staff.login import logins

PASSWORD = "a-right-Password-7"


@pytest.fixture
def now(monkeypatch) -> list[float]:
    """The time of logins, in a list of one that a test sets forward."""
    time = [1_800_000_000.0]
    monkeypatch.setattr(logins, "clock", lambda: time[0])
    return time


@pytest.fixture
def boss(client: Client) -> User:
    """A superuser, signed in. Where the time of logins matters, `now` comes first."""
    user = User.objects.create_superuser("boss", password=PASSWORD)
    client.force_login(user)
    return user


@pytest.fixture
def signed_in_as() -> Callable[[str], Client]:
    """A client of somebody new with one of the three roles."""

    def sign_in(role: str) -> Client:
        user = User.objects.create_user(role.lower(), password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The lines of the audit trail so far."""
    caplog.set_level(logging.INFO, "audit")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "audit"]
