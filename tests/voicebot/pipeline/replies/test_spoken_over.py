"""Who speaks over the character is listened to before it is decided whether it stops."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

import numpy as np
import pytest
from pipecat.frames.frames import Frame, TranscriptionFrame, TTSAudioRawFrame
from pipecat.utils.time import time_now_iso8601

from tests.patience import PATIENCE_SECS
from tests.visitors import speech
from tests.voicebot.live import Conversation, conversation
from tests.voicebot.players import DeafSTT
from voicebot.pipeline.replies.spoken_over import spoken_secs
from voicebot.providers.scripted import RATE_HZ, ScriptedSTT, ScriptedTTS
from voicebot.providers.speech import segments
from voicebot.providers.speech.segments import Heard

pytestmark = pytest.mark.django_db(transaction=True)
BREATH = speech()[:8000]  # half a second of it
SECS = 4.0
# Each sample differs from the one before it by the same step, so that holes and repetitions can be told.
RAMP = (np.arange(int(SECS * RATE_HZ)) * 7 % 60_000 - 30_000).astype(np.int16)


class RampTTS(ScriptedTTS):
    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        yield TTSAudioRawFrame(RAMP.tobytes(), RATE_HZ, 1, context_id=context_id)


def hears(*texts: str, log_prob: float = 0.0) -> Callable[[], ScriptedSTT]:
    """A recogniser that hears these words in one utterance after the other, the last ones again and again."""
    left = list(texts)

    class STT(ScriptedSTT):
        async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
            text = left.pop(0) if len(left) > 1 else left[0]
            yield TranscriptionFrame(text, "user", time_now_iso8601(), result=Heard(text, "en", log_prob))

    return STT


async def speaking(one: Conversation) -> None:
    """The character speaks, to a page that knows of held voices."""
    one.pipeline.transport.rate.followed = True
    await one.ready()
    await one.until(lambda: len(one.audible_at) > 3)


def held(one: Conversation) -> list[bool]:
    return [message["held"] for message in one.server_messages("voice-held")]


MISHEARD = hears("Mama?", log_prob=-1.2)


@pytest.mark.parametrize("stt", [hears("Mm-hm."), hears("嗯,对。"), MISHEARD, DeafSTT])
async def test_a_listener_and_a_noise_let_the_voice_go_on_where_it_was(stt):
    async with conversation(stt=stt, tts=RampTTS, greeting="A greeting without a question.") as one:
        await speaking(one)
        await one.say(BREATH, silence_secs=1)
        await one.until(lambda: one.of("bot-stopped-speaking"))
        assert held(one) == [True, False]
        assert not one.interruptions
        assert not one.of("user-transcription"), "it is no line of the visitor's"
        assert not one.of("bot-llm-started"), "and not answered"
        turns = await one.turns()
    assert [(turn.role, turn.text, turn.interrupted) for turn in turns] == [
        ("assistant", "A greeting without a question.", False)
    ]
    played = np.concatenate(one.pcm).astype(int)
    steps = np.diff(played) % 60_000
    [again] = np.flatnonzero(steps != 7)  # the one place at which it goes back to what was not heard
    assert 0 < 60_000 - steps[again] < 60_000
    assert len(played) > len(RAMP)
    assert (played[-1] - RAMP[-1]) % 60_000 == 0, "up to its last sample"


@pytest.mark.parametrize("text", ["No, stop.", "Wait.", "等等。", "Tell me something else."])
async def test_words_that_want_it_to_stop_do(text):
    async with conversation(stt=hears(text), tts=RampTTS) as one:
        await speaking(one)
        await one.say(BREATH, silence_secs=1)
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        assert await one.pipeline.settle(5)
        assert held(one) == [True]
        assert one.interruptions == 1
        turns = await one.turns()
    assert [(turn.role, turn.interrupted) for turn in turns[-2:]] == [("user", False), ("assistant", False)]
    assert turns[-2].text == text


async def test_nothing_is_sent_while_it_is_held():
    async with conversation(stt=DeafSTT, tts=RampTTS) as one:
        await speaking(one)
        saying = asyncio.create_task(one.say(np.tile(BREATH[2000:7000], 6)))  # without a pause
        await one.until(lambda: held(one))
        silent_from = time.monotonic()
        await one.until(lambda: one.interruptions)
        assert time.monotonic() - silent_from < 2, "whoever speaks for so long is no listener"
        assert not [at for at in one.audible_at if at > silent_from + 0.05]
        await saying


async def test_the_answer_to_a_question_is_one_though_it_comes_early():
    async with conversation(stt=hears("Yes."), tts=RampTTS, greeting="Shall we?") as one:
        await speaking(one)
        await one.say(BREATH, silence_secs=1)
        await one.until(lambda: one.of("bot-llm-started"))
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        assert await one.pipeline.settle(5)
        turns = await one.turns()
    assert "Yes." in [turn.text for turn in turns if turn.role == "user"]


async def test_a_visitor_who_listens_twice_is_listened_to_twice():
    async with conversation(stt=hears("Yeah."), tts=RampTTS) as one:
        await speaking(one)
        await one.say(BREATH, silence_secs=0.7)
        await one.until(lambda: held(one) == [True, False])
        await one.say(BREATH, silence_secs=0.7)
        await one.until(lambda: one.of("bot-stopped-speaking"))
        assert held(one) == [True, False, True, False]
        assert not one.interruptions
        await one.say(BREATH, silence_secs=1)  # and now it is a turn
        await one.until(lambda: one.of("bot-llm-started"))


@pytest.mark.parametrize("went_on", [True, False])
async def test_the_first_word_of_a_sentence_is_no_listeners_word(went_on, monkeypatch):
    """Who says "Yeah", breathes, and goes on has said all of it; who speaks much later has begun anew."""
    monkeypatch.setattr(segments, "GOES_ON_SECS", PATIENCE_SECS if went_on else 0.0)
    async with conversation(stt=hears("Yeah.", "Tell me about the sea."), tts=RampTTS) as one:
        await speaking(one)
        await one.say(BREATH, silence_secs=0.7)
        await one.until(lambda: held(one) == [True, False])
        await one.say(np.tile(BREATH[2000:7000], 4), silence_secs=1)  # without a pause
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        assert await one.pipeline.settle(5)
        said = [turn.text for turn in await one.turns() if turn.role == "user"]
    assert said == ["Yeah. Tell me about the sea." if went_on else "Tell me about the sea."]


async def test_a_button_ends_what_is_held():
    async with conversation(stt=DeafSTT, tts=RampTTS) as one:
        await speaking(one)
        saying = asyncio.create_task(one.say(BREATH, silence_secs=2))
        await one.until(lambda: held(one))
        await one.tell("client-message", {"t": "character.interrupt"})
        await one.until(lambda: one.of("bot-stopped-speaking"))
        await saying
        assert held(one) == [True], "there is nothing to go on with"


def test_how_long_a_text_takes_is_known_roughly():
    assert spoken_secs("Would you like to come with me to the harbour?") == pytest.approx(3, abs=0.5)
    assert spoken_secs("你想和我一起去看海吗") == pytest.approx(2, abs=0.3)
