"""Pauses wait where looking at each of them at once would be too much, and nowhere else."""

import pytest

from voicebot.ops.load import Load
from voicebot.turns.inference_budget import DELAY_SECS, InferenceBudget

EVERY_SECS = 0.05


class Hour:
    """Time that passes, with pauses, looks and other work in it."""

    def __init__(self) -> None:
        self.now = self.used = 0.0
        self.load = Load(lambda: self.now, lambda: self.used, lambda: 0.0)
        self.looks = InferenceBudget(self.load, lambda: self.now)

    def pass_on(self, secs: float, *, pauses: float = 0.0, looks: float = 0.0, other: float = 0.0) -> None:
        """`pauses` and `looks` for each second, of 0.04 s each, and a share of the loop that is in use."""
        paused = looked = 0.0
        for _ in range(int(secs / EVERY_SECS)):
            self.now += EVERY_SECS
            self.used += EVERY_SECS * other
            self.load.measure()
            paused, looked = paused + pauses * EVERY_SECS, looked + looks * EVERY_SECS
            while paused >= 1:
                self.looks.note_pause()
                paused -= 1
            while looked >= 1:
                self.looks.note_inference(0.04)
                looked -= 1


@pytest.mark.parametrize(
    "work",
    [
        {"pauses": 0.5, "looks": 0.5, "other": 1.0},  # local models compute for a few visitors
        {"pauses": 6, "looks": 6, "other": 0.4},  # many pauses, and room for all of them
        {"other": 1.0},
    ],
    ids=["few", "room", "none"],
)
def test_a_pause_is_looked_at_at_once(work):
    hour = Hour()
    hour.pass_on(30, **work)
    assert hour.looks.endpointing_delay_secs < DELAY_SECS / 4


def test_pauses_wait_where_looks_would_wait_for_one_another():
    hour = Hour()
    hour.pass_on(10, pauses=40, other=0.6)
    assert hour.looks.endpointing_delay_secs == pytest.approx(DELAY_SECS, rel=0.05)


def test_what_is_spared_by_waiting_does_not_end_the_waiting():
    hour = Hour()
    hour.pass_on(30, pauses=40, looks=20, other=0.9)
    assert hour.looks.endpointing_delay_secs > DELAY_SECS * 0.9


def test_a_rush_is_over_in_seconds():
    hour = Hour()
    hour.pass_on(20, pauses=40, other=0.9)
    hour.pass_on(10, pauses=0.5, looks=0.5, other=0.3)
    assert hour.looks.endpointing_delay_secs == 0
