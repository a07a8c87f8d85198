"""The local provider: Whisper hears, SmolLM2 answers, Piper speaks, and nothing is fetched from a hub."""

import asyncio
import io
import os
import wave

import numpy as np
import pytest
import soxr
from django.core.management import call_command

from characters import content, prompts
from characters.models import Character
from characters.sheet import Sheet
from tests.characters.test_prompts import SHEET
from tests.visitors import RATE_HZ, SPEECH, speech
from tests.words import error_rate, words
from voicebot import sample
from voicebot.providers import registry

pytestmark = pytest.mark.local

SENTENCES = [
    "Good morning, my name is Robin and I like to sail.",
    "What is the capital of France?",
    "Where did you put the old map?",
    "No, thank you very much.",
    "Could you repeat that, please?",
    "It was a dark and stormy night.",
    "Do you remember my name?",
    "Tell me a story about a dragon and a small mouse.",
]


def spoken(text: str) -> np.ndarray:
    """`text` in Piper's voice, as a microphone at 16 kHz would hear it, the same each time."""
    from piper import SynthesisConfig

    from voicebot.providers.local import piper

    steady = SynthesisConfig(noise_scale=0, noise_w_scale=0)
    chunks = list(piper.voice().synthesize(text, steady))
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    heard = soxr.resample(samples, chunks[0].sample_rate, RATE_HZ) * 20_000
    return np.concatenate([heard, np.zeros(RATE_HZ // 2)]).astype(np.int16)


def test_a_recorded_question_is_written_down_word_for_word():
    from voicebot.providers.local import whisper

    assert SPEECH.exists()
    heard = whisper.transcribe(speech().tobytes() + bytes(RATE_HZ))
    assert words(heard) == words("Hello there, can you tell me a story about a dragon?")


def test_few_words_in_a_hundred_are_misheard():
    from voicebot.providers.local import whisper

    heard = [whisper.transcribe(spoken(sentence).tobytes()) for sentence in SENTENCES]
    assert error_rate(SENTENCES, heard) < 0.2, heard


@pytest.mark.parametrize("seconds", [0.0, 0.3, 2.0])
def test_silence_and_noise_say_nothing(seconds):
    from voicebot.providers.local import whisper

    noise = np.random.default_rng(7).normal(0, 60, int(seconds * RATE_HZ)).astype(np.int16)
    assert words(whisper.transcribe(noise.tobytes())) in ([], ["you"])


def test_an_utterance_of_over_thirty_seconds_is_heard_to_its_end():
    from voicebot.providers.local import whisper

    pause = np.zeros(RATE_HZ * 8, np.int16)
    long = np.concatenate(
        [speech(), pause, speech(), pause, speech(), pause, spoken("Goodbye, my old friend.")]
    )
    heard = whisper.transcribe(long.tobytes())
    assert "dragon" in heard
    assert "friend" in heard


def pitch_hz(pcm: bytes) -> float:
    """The fundamental frequency of speech, by autocorrelation over its loud parts."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    found = []
    for start in range(0, len(samples) - 2400, 1200):
        part = samples[start : start + 2400]
        if np.sqrt((part**2).mean()) < 2000:
            continue
        spectrum = np.correlate(part, part, "full")[len(part) - 1 :]
        low, high = 24_000 // 400, 24_000 // 60
        found.append(24_000 / (low + int(np.argmax(spectrum[low:high]))))
    return float(np.median(found))


def test_pitch_changes_the_voice_and_leaves_its_tempo():
    from voicebot.providers.local import piper

    text = "The evening was calm, and we sailed slowly along the coast."
    natural, deep, light = (piper.synthesize(text, pitch) for pitch in (0, -4, 5))
    assert pitch_hz(deep.pcm) < 0.88 * pitch_hz(natural.pcm)
    assert pitch_hz(light.pcm) > 1.18 * pitch_hz(natural.pcm)
    for voice in (deep, light):
        assert voice.secs == pytest.approx(natural.secs, rel=0.2)
    assert piper.synthesize(text, speed=1.4).secs < 0.85 * natural.secs


def test_every_word_has_the_second_at_which_it_ends():
    from voicebot.providers.local import piper

    speech = piper.synthesize("Ahoy there, my good friend. How are you?", -3, 0.9)
    ends = [end for _, end in speech.words]
    assert [word for word, _ in speech.words] == [
        "Ahoy",
        "there,",
        "my",
        "good",
        "friend.",
        "How",
        "are",
        "you?",
    ]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(speech.secs, abs=0.05)


def test_words_that_are_read_differently_still_have_times():
    from voicebot.providers.local import piper

    speech = piper.synthesize("I have 42 ships.")
    assert [word for word, _ in speech.words] == ["I", "have", "42", "ships."]
    assert speech.words[-1][1] == pytest.approx(speech.secs, abs=0.05)


def test_text_without_a_sound_is_silent():
    from voicebot.providers.local import piper

    assert piper.synthesize("").pcm == b""


async def test_the_model_answers_in_character_through_its_own_server():
    from openai import AsyncOpenAI

    from voicebot.providers.local import smollm

    address = await asyncio.to_thread(smollm.address)
    assert address.startswith("http://127.0.0.1:")
    client = AsyncOpenAI(api_key="unused", base_url=address)
    answer = await client.chat.completions.create(
        model="any",
        messages=[
            {"role": "system", "content": "You are a sea captain. Answer in one short sentence."},
            {"role": "user", "content": "Hello, my name is Robin."},
        ],
        max_tokens=40,
        temperature=0,
    )
    assert len(words(answer.choices[0].message.content or "")) > 2
    assert (await asyncio.to_thread(smollm.address)) == address, "one server for the process"


def test_what_is_said_to_the_model_is_not_printed(capfd):
    from voicebot.providers.local import smollm

    smollm.server().handle_chat_completions(
        {"messages": [{"role": "user", "content": "quandongpeach"}], "max_tokens": 3}
    )
    shown = capfd.readouterr()
    assert "quandongpeach" not in shown.out + shown.err


def test_no_hub_is_asked():
    from django.conf import settings

    assert settings.DEFAULT_PROVIDER
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_each_stage_says_what_it_loads():
    from voicebot.providers.local.provider import PROVIDER

    assert len([name for stage in ("stt", "llm", "tts") for name, _ in PROVIDER.warmers(stage)]) == 3
    assert PROVIDER.tts(SHEET)


async def test_a_voice_is_sampled_outside_of_any_conversation():
    sheet = Sheet(slug="m", name="Marlow", voice_pitch=-4)
    heard = await sample.wav(registry.factory("tts", "local"), sheet, "Good evening *bows* 🙂.")
    with wave.open(io.BytesIO(heard)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        assert file.getframerate() == 24_000
    assert 0.4 < len(samples) / 24_000 < 1.6, "two words, and no stage direction"
    assert np.abs(samples).max() > 3000


@pytest.mark.django_db
def test_the_length_of_a_prompt_is_the_models_own_and_our_estimate_errs_safely():
    from voicebot.providers.local import smollm

    call_command("seed_demo", verbosity=0)
    for character in Character.objects.all():
        sheet = content.draft_sheet(character)
        prompt = prompts.render(sheet, {"name": "Robin"}, [{"role": "user", "content": "Tell me a story."}])
        exact = smollm.count(prompt.as_messages())
        assert exact <= prompt.tokens <= 1.5 * exact, sheet.name
