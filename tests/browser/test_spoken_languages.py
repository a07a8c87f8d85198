"""Conversations by voice in Chinese, and in two languages: spoken by Kokoro, heard by Whisper base.

What the character says is caught on its way to the page, heard again, and compared with the captions.
"""

import asyncio
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from characters import demo
from tests import chinese_speech, piper_speech
from tests.browser.stage import on_stage, state_is
from tests.browser.voice_line import MICROPHONE, VoiceLine, say
from tests.conftest import serving
from tests.servers import Server
from tests.words import edits, words

# Kokoro is no faster than speech where other work takes the cores, and is loaded first.
SPEECH_SECS = 300.0
MISHEARD = 0.25  # of words or syllables at most, by Whisper base: names and rare words
EXAMPLES = """<START>
{{user}}: Where does this river come from?
{{char}}: It comes down from the mountains in the north, and it is cold all summer.
<START>
{{user}}: What do you sell in your shop?
{{char}}: Bread, butter and apples from my own garden.
<START>
{{user}}: 你的店里卖什么？
{{char}}: 我卖面包和黄油，还有自己种的苹果。
"""
BILINGUAL = {
    "slug": "two-tongues",
    "name": "Two Tongues",
    "greeting": "Good evening, and welcome to my shop.",
    "other_languages": ["zh"],
    "examples": EXAMPLES,
    "llm_provider": "repertoire",
    "stt_provider": "",
    "tts_provider": "",
}
MAKE = f"from tests.characters.factory import make_character; make_character(**{BILINGUAL!r})"
CAPTIONS = """() => {
  window.captions = new Set();
  const caption = document.getElementById("caption");
  const note = () => window.captions.add(caption.textContent);
  new MutationObserver(note).observe(caption, { subtree: true, childList: true, characterData: true });
  note();
}"""

pytestmark = [
    pytest.mark.local,
    pytest.mark.long,
    pytest.mark.skipif(not chinese_speech.HAS_CHINESE, reason="needs the extra `local-kokoro`"),
]


@pytest.fixture(scope="module")
def patient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The default install, where nobody is told that an answer, or the rest of it, takes long."""
    patience = {"ANSWER_SECS": "1000", "PROVIDER_TIMEOUT_SECS": "600"}
    with serving(
        tmp_path_factory, "patient", DEFAULT_PROVIDER="local", MAX_LOAD="100", **patience
    ) as running:
        running.command("shell", "-c", MAKE)
        yield running


def letters(text: str) -> str:
    """Without spaces and marks, as it sounds."""
    return "".join(words(text))


def written(examples: str) -> set[str]:
    """What a character may answer, in letters."""
    lines = examples.splitlines()
    return {letters(line.split(": ", 1)[1]) for line in lines if line.startswith("{{char}}: ")}


class Reply(NamedTuple):
    """The visitor's words as the server has them, the character's as the page has them, and as they sound."""

    heard: str
    told: str
    sounds: str
    language: str


class Conversation:
    """A page on the stage, spoken with."""

    def __init__(self, page: Any, languages: tuple[str, ...]):
        self.page, self.languages, self.line = page, languages, VoiceLine(page)

    async def begin(self, server: Server, slug: str, greetings: Collection[str]) -> Reply:
        await self.page.add_init_script(MICROPHONE)
        await self.page.add_init_script(f"document.addEventListener('DOMContentLoaded', {CAPTIONS})")
        await on_stage(self.page, server, slug)
        return await self._reply(0, greetings)

    async def ask(self, pcm: np.ndarray, answers: Collection[str]) -> Reply:
        """Says something, and waits for one of the `answers`, in letters, to its end."""
        since = self.line.place
        await say(self.page, pcm)
        return await self._reply(since, answers)

    async def _reply(self, since: int, answers: Collection[str]) -> Reply:
        line = self.line
        try:
            await line.until(lambda: line.rests(since) and letters(line.told(since)) in answers, SPEECH_SECS)
        except TimeoutError:
            said = [message for place, message in line.messages if place >= since]
            raise AssertionError(f"no answer to its end: {said}") from None
        await state_is(self.page, "listening")
        for piece in line.segments(since).values():
            await self.page.wait_for_function("(words) => window.captions.has(words)", arg=piece["text"])
        sounds, language = await asyncio.to_thread(self._heard_again, line.sound(since))
        assert self.page.complaints == []
        return Reply(line.heard(since), line.told(since), sounds, language)

    def _heard_again(self, pcm: np.ndarray) -> tuple[str, str]:
        from voicebot.providers.local import ears

        heard = ears.multilingual().listen(pcm.tobytes(), ears.Expected(self.languages))
        return heard.text, heard.language


def sounds(text: str) -> list[str]:
    """English words, and the syllables of Chinese: Whisper base writes others of the same sound."""
    from pypinyin import lazy_pinyin

    return [sound for part in lazy_pinyin(text) for sound in words(part)]


def is_alike(text: str, other: str) -> bool:
    return edits(sounds(text), sounds(other)) <= MISHEARD * len(sounds(text))


async def test_a_conversation_in_chinese_by_voice(patient_server, browser_with_microphone):
    folder = Path(demo.__file__).parent
    answers = written((folder / "repertoire" / "mei-yi.txt").read_text())
    cast = {entry["slug"]: entry for entry in json.loads((folder / "characters.json").read_text())}
    mei_yi = cast["mei-yi"]
    greetings = set(map(letters, (mei_yi["greeting"], *mei_yi["alternate_greetings"])))
    async with browser_with_microphone() as page:
        talk = Conversation(page, ("zh",))
        replies = [await talk.begin(patient_server, "mei-yi", greetings)]
        for said, voice in (("你叫什么名字？", "zm_yunxi"), ("今天天气怎么样？", "zf_xiaoxiao")):
            reply = await talk.ask(chinese_speech.spoken(said, voice), answers)
            assert is_alike(said, reply.heard), reply
            replies.append(reply)
        assert len({reply.told for reply in replies}) == 3
        for reply in replies:
            assert is_alike(reply.told, reply.sounds), reply


async def test_a_language_is_switched_in_mid_talk(patient_server, browser_with_microphone):
    answers = written(EXAMPLES)
    async with browser_with_microphone() as page:
        talk = Conversation(page, ("en", "zh"))
        greeting = await talk.begin(patient_server, BILINGUAL["slug"], {letters(BILINGUAL["greeting"])})
        assert greeting.language == "en"
        for said, pcm, language, answer in (
            ("Where does this river come from?", piper_speech.spoken, "en", "mountains"),
            ("你的店里卖什么？", chinese_speech.spoken, "zh", "面包"),
            ("What do you sell in your shop?", piper_speech.spoken, "en", "apples"),
        ):
            reply = await talk.ask(pcm(said), answers)
            assert is_alike(said, reply.heard), reply
            assert reply.language == language, reply
            assert answer in reply.told
            assert is_alike(reply.told, reply.sounds), reply
