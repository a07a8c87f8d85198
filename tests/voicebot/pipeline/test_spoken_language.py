"""Another language in mid-talk: prompt and voice follow in the same turn, and so does a later connection."""

from collections.abc import AsyncGenerator
from types import SimpleNamespace

import pytest
from pipecat.frames.frames import Frame, LLMContextFrame, TranscriptionFrame, TTSAudioRawFrame
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from characters.spec import CharacterSpec
from characters.text import LANGUAGE_NAMES, written_in
from tests.visitors import RATE_HZ, speech
from tests.voicebot.live import conversation
from tests.voicebot.pipeline.test_conversation_state import state
from tests.voicebot.players import EchoLLM
from voicebot.pipeline.prompting import prompt_of
from voicebot.providers.scripted import ScriptedSTT, ScriptedTTS

VOICES = {"zh": "zf_xiaoxiao"}
BOTH = CharacterSpec(slug="m", name="M", other_languages=("zh",), language_voices=VOICES)
CHINESE = "The visitor speaks Chinese now: answer in Chinese."
ENGLISH = "The visitor speaks English now: answer in English."


class PolyglotSTT(ScriptedSTT):
    """Hears what it is told to, in its language."""

    said = ("", Language.EN)

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        yield TranscriptionFrame(self.said[0], "user", time_now_iso8601(), self.said[1])


class RecordingTTS(ScriptedTTS):
    """Notes which voice said what."""

    def __init__(self) -> None:
        super().__init__()
        self.voice, self.spoken = "", []

    async def change_voice(self, spec: CharacterSpec) -> None:
        self.voice = f"{spec.language}:{spec.voice}"

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self.spoken.append((self.voice, text))
        yield TTSAudioRawFrame(bytes(4800), 24_000, 1, context_id=context_id)


class NotingLLM(EchoLLM):
    """Says one word, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[str] = []

    async def process_frame(self, frame, direction) -> None:
        if isinstance(frame, LLMContextFrame):
            self.prompts.append(self.told)
        await super().process_frame(frame, direction)


@pytest.mark.django_db(transaction=True)
async def test_prompt_and_voice_follow_in_the_same_turn_and_a_later_connection_goes_on_in_it():
    ears, model, voice = PolyglotSTT(), NotingLLM(), RecordingTTS()
    character = {"other_languages": ["zh"], "language_voices": VOICES}
    async with conversation(stt=lambda: ears, llm=lambda: model, tts=lambda: voice, **character) as one:
        await one.greeted()
        assert voice.spoken[0][0] == "en:"
        for said, told, speaks in (
            (("Hello there.", Language.EN), "", "en:"),
            (("你好。", Language.ZH), CHINESE, "zh:zf_xiaoxiao"),
            (("你是谁?", Language.ZH_CN), CHINESE, "zh:zf_xiaoxiao"),
            (("Fine.", Language.EN), ENGLISH, "en:"),
        ):
            voice.spoken.clear()
            model.prompts.clear()
            ears.said = said
            await one.say(speech()[:RATE_HZ], silence_secs=1.5)
            await one.until(lambda: model.prompts and voice.spoken)
            await one.until(lambda: one.pipeline.activity.settled)
            assert told in model.prompts[0]
            assert ("The visitor speaks" in model.prompts[0]) == bool(told)
            assert {who for who, _text in voice.spoken} == {speaks}
    kept = await one.manager.get(one.session_id)
    assert kept.metadata["language"] == "en"
    after = state(BOTH, language="zh")
    assert after.speaking.language == "zh"
    assert CHINESE in prompt_of(after).instructions
    assert after.voice_spec.voice == "zf_xiaoxiao"


@pytest.mark.django_db(transaction=True)
async def test_what_is_typed_in_another_script_is_answered_in_it():
    model = NotingLLM()
    async with conversation(llm=lambda: model, tts=RecordingTTS, other_languages=["zh"]) as one:
        await one.greeted()
        await one.type("你好，船长")
        await one.until(lambda: model.prompts)
        assert CHINESE in model.prompts[-1]


def test_a_language_that_the_character_does_not_have_changes_nothing():
    one = state(BOTH)
    assert not one.hear("de")
    assert not one.hear("")
    assert not one.hear("en"), "its main one already"
    assert one.answer_in == ""
    assert one.hear("zh")
    assert not one.hear("zh")
    assert one.hear("en")
    assert one.answer_in == "en"


@pytest.mark.parametrize("told", ["de", 7, None, ["zh"], {"zh": 1}])
def test_metadata_that_name_no_language_of_the_character_count_for_nothing(told):
    assert state(BOTH, language=told).speaking is BOTH


def test_the_page_may_choose_the_language_and_what_is_heard_later_holds():
    one = state(BOTH)
    one.set_session(SimpleNamespace(metadata={"language": "zh"}))
    assert one.speaking.language == "zh"
    one.hear("en")
    one.set_session(SimpleNamespace(metadata={"language": "zh", "name": "Robin"}))
    assert one.speaking.language == "en", "the page has said nothing new"


def test_the_prompt_of_a_character_of_one_language_says_nothing_of_languages():
    assert "speaks" not in prompt_of(state(CharacterSpec(slug="m", name="M"), language="en")).instructions


@pytest.mark.parametrize(
    ("text", "languages", "found"),
    [
        ("Hello", ("en", "zh"), "en"),
        ("你好", ("en", "zh"), "zh"),
        ("你好，Robin", ("en", "zh"), "zh"),
        ("こんにちは、世界", ("en", "zh", "ja"), "ja"),
        ("你好", ("en", "ja"), "ja"),
        ("Привет", ("en", "uk"), "uk"),
        ("안녕", ("en", "ko"), "ko"),
        ("Guten Tag", ("de", "en"), "de"),
        ("你好", ("en", "de"), ""),
        ("12:30 ...", ("en", "zh"), ""),
    ],
)
def test_the_script_tells_what_a_text_is_written_in(text, languages, found):
    assert written_in(text, languages) == found


def test_languages_have_the_names_of_the_form():
    from django.utils.translation import override

    from characters.models import LANGUAGES

    with override("en"):
        assert {code: str(name) for code, name in LANGUAGES} == LANGUAGE_NAMES
