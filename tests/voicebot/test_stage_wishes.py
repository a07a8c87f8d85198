"""What the visitor wishes of the voice, by the session's metadata."""

from types import SimpleNamespace

import pytest

from characters.sheet import Sheet
from voicebot.stage import SPEEDS, Stage


def stage(wish: object, own: float = 1.0) -> Stage:
    session = SimpleNamespace(metadata={"voiceSpeed": wish})
    return Stage(session, Sheet(slug="a", name="A", voice_speed=own), None, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "own", "speed"),
    [
        (1.2, 1.0, 1.2),
        (0.5, 0.9, SPEEDS[0]),
        (9, 1.0, SPEEDS[1]),
        ("fast", 0.9, 0.9),
        (True, 1, 1),
        (None, 1, 1),
    ],
)
def test_the_voice_is_as_fast_as_wished_within_what_is_understood(wish, own, speed):
    assert stage(wish, own).voiced.voice_speed == pytest.approx(speed)
