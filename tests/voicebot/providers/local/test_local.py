"""The local provider: Whisper hears, SmolLM2 answers, Piper speaks, and nothing is fetched from a hub."""

import asyncio
import io
import itertools
import socket
import wave
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from characters import content, prompts
from characters.models import Character
from characters.spec import CharacterSpec
from tests.characters.test_prompts import SHEET
from tests.piper_speech import spoken
from tests.visitors import RATE_HZ, SPEECH, speech
from tests.words import error_rate, words
from voicebot.providers import registry
from voicebot.providers.speech import voice_sample

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


def test_a_recorded_question_is_written_down_word_for_word():
    from voicebot.providers.local import whisper

    assert SPEECH.exists()
    heard = whisper.transcribe(speech().tobytes() + bytes(RATE_HZ))
    assert words(heard) == words("Hello there, can you tell me a story about a dragon?")


def test_few_words_in_a_hundred_are_misheard():
    from voicebot.providers.local import whisper

    heard = [whisper.transcribe(spoken(sentence).tobytes()) for sentence in SENTENCES]
    assert error_rate(SENTENCES, heard) < 0.2, heard


@pytest.mark.parametrize(
    ("said", "speed", "quiet_secs"),
    [("Hello.", 0.8, 0.5), ("Hello.", 1.2, 0.5), ("No.", 1.2, 0.1), ("Okay.", 0.8, 0.1), ("Okay.", 1.2, 0.1)],
)
def test_a_word_alone_is_heard_once(said, speed, quiet_secs):
    from voicebot.providers.local import whisper

    sound = np.trim_zeros(spoken(said, speed)).tobytes() + bytes(2 * int(quiet_secs * RATE_HZ))
    assert words(whisper.transcribe(sound)) == words(said)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("Yes. Yes.", True),
        ("No? No? No? No?", True),
        ("Good evening. Can you hear me? Good evening. Can you hear me?", True),
        ("No, no.", False),
        ("Yes.", False),
        ("", False),
        ("I know that you know that I know", False),
    ],
)
def test_what_is_written_again_and_again_is_looked_at_again(text, again):
    from voicebot.providers.local import ears

    assert ears.repeats_itself(text) == again


@pytest.mark.parametrize("seconds", [0.0, 0.3, 2.0])
def test_silence_and_noise_say_nothing(seconds):
    from voicebot.providers.local import whisper

    noise = np.random.default_rng(7).normal(0, 60, int(seconds * RATE_HZ)).astype(np.int16)
    assert words(whisper.transcribe(noise.tobytes())) == []


def test_an_utterance_of_over_thirty_seconds_is_heard_to_its_end():
    from voicebot.providers.local import whisper

    pause = np.zeros(RATE_HZ * 8, np.int16)
    long = np.concatenate(
        [speech(), pause, speech(), pause, speech(), pause, spoken("Goodbye, my old friend.")]
    )
    heard = whisper.transcribe(long.tobytes())
    assert "dragon" in heard
    assert "friend" in heard


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


async def test_what_visitors_say_never_gets_into_a_file(monkeypatch):
    """More conversations than slots, asked while the prompts of characters are evaluated and kept."""
    from voicebot.providers.local import helped, smollm

    address = await asyncio.to_thread(smollm.address)
    shared = itertools.cycle(range(smollm.SLOTS))
    slots = smollm.Slots(smollm.SLOTS)
    monkeypatch.setattr(slots, "take", lambda: None)
    monkeypatch.setattr(slots, "share", lambda: next(shared))
    monkeypatch.setattr(smollm, "slots", lambda: slots)
    minds = [helped.service(SHEET) for _ in range(4)]
    assert str(minds[0]._client.base_url).startswith(address)
    secret = [{"role": "user", "content": "quandongpeach " * 3}]
    openings = [[{"role": "system", "content": f"You are captain number {n}."}] for n in range(4)]
    at_once = []
    for number, opening in enumerate(openings):
        at_once += [mind.prefill([], secret) for mind in minds]
        at_once.append(asyncio.to_thread(smollm.openings().lay, number, opening))
    for result in await asyncio.gather(*at_once, return_exceptions=True):
        assert result is None or isinstance(
            result, TimeoutError
        )  # of a slot that was busy: it is only slower
    word = smollm._post("/tokenize", {"content": " quandongpeach quandongpeach"})["tokens"][-3:]
    files = [Path(smollm.openings().path, name) for name in smollm.openings()._names]
    assert len(files) >= len(openings), "each was kept, however busy the server was"
    for path in files:
        count = int(np.fromfile(path, np.uint32, 3)[2])  # magic, version, number of tokens, tokens
        tokens = np.fromfile(path, np.int32, count, offset=12).tolist()
        assert count > 5
        assert not any(tokens[at : at + 3] == word for at in range(count))


def test_conversations_beyond_the_slots_evict_one_another_only():
    from voicebot.providers.local import smollm

    slots = smollm.Slots(4)
    own = [slots.take() for _ in range(5)]
    assert own == [0, 1, 2, None, None]
    assert slots.share() not in own
    slots.give_back(1)
    assert slots.take() == 1


def test_what_is_said_to_the_model_is_not_printed(capfd):
    from voicebot.providers.local import smollm

    smollm.server().handle_chat_completions(
        {"messages": [{"role": "user", "content": "quandongpeach"}], "max_tokens": 3}
    )
    shown = capfd.readouterr()
    assert "quandongpeach" not in shown.out + shown.err


def test_no_hub_is_asked(monkeypatch, tmp_path):
    from faster_whisper import WhisperModel

    asked = []

    def ask(host, *_, **__):
        asked.append(host)
        raise OSError("nobody is asked")

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    with pytest.raises(Exception, match=r"(?i)offline|outgoing traffic|cached snapshot"):
        WhisperModel("tiny.en", download_root=str(tmp_path))
    assert not asked


def test_each_stage_loads_what_it_says(monkeypatch):
    from voicebot.providers.local import voices, whisper
    from voicebot.providers.local.provider import PROVIDER

    used = []
    monkeypatch.setattr(whisper, "transcribe", lambda *_: used.append("Whisper"))
    monkeypatch.setattr(voices, "synthesize", lambda _text, wish: used.append(wish.voice))
    ((name, load),) = PROVIDER.warmers("stt")
    assert name.startswith("Whisper")
    load()
    for name, load in PROVIDER.warmers("tts"):
        load()
        assert used[-1] in name
    assert used == ["Whisper", "heart", "joe"]
    ((name, load),) = PROVIDER.warmers("llm")
    assert name.startswith("SmolLM2")
    assert load().startswith("http://127.0.0.1:")


async def test_a_voice_is_sampled_outside_of_any_conversation():
    spec = CharacterSpec(slug="m", name="Marlow", voice_pitch=-4)
    heard = await voice_sample.wav(registry.factory("tts", "local"), spec, "Good evening *bows* 🙂.")
    with wave.open(io.BytesIO(heard)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        assert file.getframerate() == 24_000
    assert 0.4 < len(samples) / 24_000 < 1.6, "two words, and no stage direction"
    assert np.abs(samples).max() > 3000


@pytest.mark.django_db
def test_the_length_of_a_prompt_is_the_models_own_and_our_estimate_errs_safely():
    from voicebot.providers.local import smollm

    call_command("seed_demo", verbosity=0)
    for character in Character.objects.filter(llm_provider=""):  # others are no matter of this model
        spec = content.draft_spec(character)
        prompt = prompts.render(spec, {"name": "Robin"}, [{"role": "user", "content": "Tell me a story."}])
        exact = smollm.count(prompt.as_messages())
        assert exact <= prompt.tokens <= 1.5 * exact, spec.name
