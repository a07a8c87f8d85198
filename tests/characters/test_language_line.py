"""What a visitor is told of a character's languages before calling: on the card, its page and the stage."""

import pytest

from tests.characters.factory import make_character
from tests.conftest import HAS_LOCAL

pytestmark = pytest.mark.django_db

PAGES = ("/", "/characters/marlow/", "/talk/marlow/")
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN"}


def told(client, sentence: str, **headers: str) -> list[tuple[bool, bool]]:
    """For each page: whether it has the sentence, and whether it is marked as another language."""
    found = []
    for path in PAGES:
        page = client.get(path, **headers).content.decode()
        found.append((f">{sentence}<" in page, "data-foreign" in page))
    return found


def test_the_language_is_told_and_another_one_than_the_pages_is_marked(client):
    make_character()
    assert told(client, "Speaks and understands English.") == [(True, False)] * 3
    assert told(client, "说英语，也听得懂英语。", **CHINESE) == [(True, True)] * 3


def test_a_character_of_the_visitors_language_is_not_marked(client):
    make_character(language="zh")
    assert told(client, "说中文，也听得懂中文。", **CHINESE) == [(True, False)] * 3


@pytest.mark.skipif(not HAS_LOCAL, reason="needs the extra `local`")
@pytest.mark.parametrize(
    ("stage", "language", "sentence"),
    [
        ("stt", "zh", "Speaks Chinese. Understands only English when you speak; you can write in Chinese."),
        ("tts", "de", "Answers in German, with a voice made for English. Understands German."),
    ],
)
def test_ears_and_voice_that_do_not_know_a_language_are_told(
    client, settings, monkeypatch, *, stage, language, sentence
):
    from voicebot.providers.local.ears import models

    monkeypatch.setattr(models, "_damage", ["Whisper base is damaged"])
    settings.DEFAULT_PROVIDER = "scripted"
    make_character(language=language, stt_provider="", tts_provider="")
    # An operator's change: no editor could publish that.
    settings.STAGE_PROVIDERS = {"stt": "", "llm": "", "tts": "", stage: "local"}
    assert told(client, sentence) == [(True, True)] * 3
    assert [marked for _, marked in told(client, "", **CHINESE)] == [True] * 3
