"""A manager that goes by the tests' clock, and a session of its own visitor."""

import pytest

from sessions_app.manager import SyncSessionManager
from tests.characters.factory import make_character


@pytest.fixture
def manager(clock):
    make_character()
    return SyncSessionManager(clock=clock)


@pytest.fixture
def session(manager):
    return manager.create(character="marlow", visitor="anon:me", metadata={"name": "Robin"})
