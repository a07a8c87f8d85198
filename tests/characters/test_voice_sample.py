"""The voice of a character, heard on its page before one calls: spoken once, given out in parts."""

import io
import wave

import pytest
from django.core.cache import cache

from characters import catalog, provider_choice
from characters.exceptions import CannotSpeak
from characters.pages import voice
from characters.versions import publishing
from tests.characters.factory import make_character

# What a voice takes is counted in a database thread.
pytestmark = pytest.mark.django_db(transaction=True)
URL = "/characters/marlow/voice-1.wav"


@pytest.fixture
def spoken(monkeypatch) -> list[str]:
    """What the voice was asked to speak; it is the real one."""
    asked: list[str] = []
    side = type(provider_choice.ask())
    speak = side.speak

    def noted(self, spec, text):
        asked.append(text)
        return speak(self, spec, text)

    monkeypatch.setattr(side, "speak", noted)
    return asked


def test_a_page_has_the_voice_which_is_spoken_once_for_a_version(
    client, spoken, django_capture_on_commit_callbacks
):
    marlow = make_character(greeting="Ahoy, {{user}}! Pull up a barrel. What brings you?")
    assert f'src="{URL}"' in client.get("/characters/marlow/").content.decode()
    sound = client.get(URL)
    assert sound.status_code == 200
    with wave.open(io.BytesIO(sound.content)) as file:
        assert file.getnframes() / file.getframerate() > 1
    assert client.get(URL).content == sound.content
    assert len(spoken) == 1
    assert spoken[0].startswith("Ahoy")
    assert "barrel" not in spoken[0]
    marlow.greeting = "Another one."
    marlow.save()
    with django_capture_on_commit_callbacks(execute=True):
        publishing.publish(marlow)
    assert client.get(URL).status_code == 404
    assert client.get("/characters/marlow/voice-2.wav").status_code == 200
    assert spoken[1:] == ["Another one."]


def test_it_comes_in_parts_for_browsers_that_ask_for_them(client):
    make_character()
    whole = client.get(URL).content
    for asked, part in (("0-1", whole[:2]), ("100-", whole[100:]), ("4-999999999", whole[4:])):
        answer = client.get(URL, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, part)
        assert answer["Content-Range"].endswith(f"/{len(whole)}")
    assert client.get(URL, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    assert client.get(URL, headers={"Range": "bytes=-5,nonsense"}).content == whole


def test_one_voice_at_a_time_and_none_that_fails_is_kept(client, monkeypatch):
    make_character()
    cache.set(voice.BUSY, True)
    answer = client.get(URL)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    cache.delete(voice.BUSY)

    def silent(*_: object) -> bytes:
        raise CannotSpeak("away")

    with monkeypatch.context() as broken:
        broken.setattr(type(provider_choice.ask()), "speak", silent)
        assert client.get(URL).status_code == 503
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize(
    ("greeting", "first"),
    [
        ("你好。请坐！", "你好。"),
        ("No stop here", "No stop here"),
        ("Hm... well, 3.5 miles? Yes.", "Hm..."),
        ("a" * 500, "a" * 160),
    ],
)
def test_the_first_sentence(greeting, first):
    make_character(greeting=greeting)
    assert voice.sentence(catalog.get("marlow")) == first
