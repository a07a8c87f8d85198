"""Sessions for tests of what others see of them."""

from django.utils import timezone

from sessions_app.manager import SyncSessionManager
from sessions_app.session import Session, Turn
from tests.characters.factory import make_character


def spoken_session() -> Session:
    """A visitor's session with Marlow, in which one thing was said: "zanzibarquince"."""
    make_character()
    manager = SyncSessionManager()
    made = manager.create(character="marlow", visitor="anon:me")
    manager.append(made.id, [Turn(1, "user", "zanzibarquince", True, timezone.now())])
    return made
