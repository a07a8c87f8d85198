"""Who speaks over the character: a listener and a cough let it go on, a sentence stops it. Real ears and voice.

The page's microphone is a WAV that the test plays when it wants to: the character speaks when it is ready to.
"""

from typing import NamedTuple

import numpy as np
import pytest

from tests.browser.stage import CALL, lines, on_stage, state_is
from tests.browser.voice_line import MICROPHONE, say
from tests.noises import clips
from tests.piper_speech import spoken

NOISE = "a cough, 0.5 s, 2000"  # which voice activity does not take for speech
WATCH = f"""() => {{
  window.cuts = window.held = 0;
  const cut = {CALL}.onInterrupted.bind({CALL}), hold = {CALL}.player.flush.bind({CALL}.player);
  {CALL}.onInterrupted = () => {{ window.cuts += 1; cut(); }};
  {CALL}.player.flush = (...rest) => {{ window.held += 1; return hold(...rest); }};
}}"""
# Of the voice at 24 kHz, after which the page's guard against echo knows how loud it comes back: not at all.
WELL_INTO_IT = 60_000


class Course(NamedTuple):
    """How often the voice was cut and how often held, and the lines of the conversation."""

    cuts: int
    held: int
    said: list[dict]


def sound_of(name: str) -> np.ndarray:
    """A noise by its name, or words as they are spoken."""
    return dict(clips()).get(name) if name in dict(clips()) else spoken(name)


@pytest.fixture
def over_the_greeting(local_server, browser_with_microphone):
    """Says something over the greeting."""

    async def run(pcm: np.ndarray, *, answered: bool) -> Course:
        async with browser_with_microphone() as page:
            await page.add_init_script(MICROPHONE)
            await on_stage(page, local_server)
            await page.evaluate(WATCH)
            await page.wait_for_function(f"{CALL}.sound.heard > {WELL_INTO_IT}")
            await say(page, pcm)
            await page.wait_for_function(f"{CALL}.levels.visitor > 0.01")
            if answered:
                await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.who === 'visitor')")
            await state_is(page, "listening")
            assert page.complaints == []
            return Course(*await page.evaluate("[window.cuts, window.held]"), await lines(page))

    return run


@pytest.mark.local
@pytest.mark.parametrize("sound", ["Mm-hm.", "Yeah.", "I see.", NOISE])
async def test_a_listener_and_a_noise_do_not_stop_it(over_the_greeting, sound):
    cuts, held, said = await over_the_greeting(sound_of(sound), answered=False)
    assert not cuts
    assert held or sound == NOISE, "it went on without having heard anybody"
    assert not [line for line in said if line["who"] == "visitor" or line["cut"]], said
    assert " ".join(line["text"].strip() for line in said).endswith("bring you from?"), "to its end"


@pytest.mark.local
@pytest.mark.parametrize("words", ["Wait a moment, please.", "I would rather hear about the sea."])
async def test_a_sentence_stops_it_and_is_answered(over_the_greeting, words):
    cuts, _held, said = await over_the_greeting(spoken(words), answered=True)
    assert cuts
    assert next(line["cut"] for line in said if line["who"] == "character"), said
    heard = " ".join(line["text"] for line in said if line["who"] == "visitor").lower()
    assert {"wait", "moment"} & set(heard.replace(",", "").split()) or "sea" in heard, heard
