"""Pronunciations: the voice says them, captions keep what is written."""

import pytest
from pipecat.frames.frames import TTSTextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.services.cartesia.tts import CartesiaTTSService
from pipecat.tests.utils import run_test

from characters import content
from characters.models import Character
from characters.spec import CharacterSpec
from characters.text import pronunciations, unreadable
from tests.characters.factory import make_character
from tests.characters.test_admin import WRITTEN
from tests.characters.test_cards import as_json, out, stored
from tests.characters.test_desk import DESK, PLAYERS
from tests.voicebot.providers.speech.test_synthesis import reply
from voicebot.providers.speech import pronouncing

DICTIONARY = "Siobhan = shi-vawn\nNguyen = /nwɪn/\nzh: 重庆 = 崇庆\nmarlow=mar low"


def spec_of(text: str, language: str = "en", **fields) -> CharacterSpec:
    return CharacterSpec(
        slug="m", name="M", pronunciations=text, language=language, tts_provider="local", **fields
    )


async def said(text: str, spec: CharacterSpec) -> str:
    return await pronouncing.Respelling(spec)(text, "sentence")


def test_lines_are_entries_and_others_are_named():
    found = pronunciations(DICTIONARY)
    assert [(entry.word, entry.said, entry.language, entry.ipa) for entry in found] == [
        ("Siobhan", "shi-vawn", "", ""),
        ("Nguyen", "/nwɪn/", "", "nwɪn"),
        ("重庆", "崇庆", "zh", ""),
        ("marlow", "mar low", "", ""),
    ]
    assert unreadable(DICTIONARY) == ""
    for line in ("Siobhan", "= x", "x =", "a [b] = c", "x = /a/b/", "x = (y)"):
        assert unreadable(f"Nguyen = /nwɪn/\n{line}") == line


@pytest.mark.parametrize(
    ("text", "language", "heard"),
    [
        ("Siobhan met Siobhans.", "en", "shi-vawn met Siobhans."),
        ("Marlow, marlow and MARLOW", "en", "mar low, mar low and MARLOW"),
        ("重庆很大", "zh", "崇庆很大"),
        ("重庆很大", "en", "重庆很大"),
        ("Nguyen", "en", "Nguyen"),
    ],
)
async def test_whole_words_are_respelled_in_their_language(text, language, heard):
    assert await said(text, spec_of(DICTIONARY, language)) == heard


async def test_the_house_has_entries_too_and_the_characters_own_go_first(settings):
    settings.PRONUNCIATIONS = "Greenroom = green room; Siobhan = sib"
    assert await said("Siobhan, Greenroom", spec_of(DICTIONARY)) == "shi-vawn, green room"


@pytest.mark.local
@pytest.mark.parametrize("voice", ["heart", "joe"])
def test_the_voice_says_it_and_the_words_stay_as_they_are_written(voice):
    from voicebot.providers.local import voices

    text = "Nguyen met Siobhan at 7:30."
    plain = voices.synthesize(text, voices.Wish.of(spec_of("", voice=voice)))
    spoken = voices.synthesize(
        text, voices.Wish.of(spec_of("Nguyen = /nwɪn/\nSiobhan = shivawn of the hills", voice=voice))
    )
    assert [word for word, _ in spoken.words] == text.split()
    assert spoken.pcm != plain.pcm
    assert spoken.secs > plain.secs + 0.15
    ends = [end for _, end in spoken.words]
    assert ends == sorted(ends)


@pytest.mark.local
@pytest.mark.parametrize(
    ("ipa", "kokoros"), [("nwɪn", "nwɪn"), ("ˈdeɪtə", "dˈAtə"), ("tʃoʊ", "ʧO"), ("bɜː", "bɜ")]
)
def test_ipa_comes_to_the_phonemes_of_the_voice(ipa, kokoros):
    from voicebot.providers.local.phonemes import pronounced

    ((word, phonemes),) = pronounced(f"[X](/{ipa}/)", "en-US")[0]
    assert word == "X"
    assert phonemes.replace("ˈ", "") == kokoros.replace("ˈ", "")


@pytest.mark.local
def test_pinyin_comes_to_the_phonemes_of_the_voice():
    from voicebot.providers.local.phonemes import pronounced

    (words,) = pronounced("我在[重庆](/chong2 qing4/)。", "zh-CN")
    assert "".join(word for word, _ in words) == "我在重庆。"
    assert dict(words)["重"].startswith("ꭧʰʊ↗ŋ")


@pytest.mark.local
async def test_captions_of_a_conversation_keep_the_written_word():
    from voicebot.providers.local import voices

    pipeline = Pipeline([voices.LocalTTS(spec_of(DICTIONARY, voice="heart"))])
    sentence = "Siobhan pays $5 to Nguyen."
    down, _ = await run_test(pipeline, frames_to_send=reply(sentence), expected_down_frames=None)
    assert " ".join(frame.text for frame in down if isinstance(frame, TTSTextFrame)) == sentence


async def test_ipa_goes_to_services_that_take_it():
    service = CartesiaTTSService(api_key="x", settings=CartesiaTTSService.Settings(voice="v"))
    pronouncing.pronounce(service, spec_of(DICTIONARY))
    text = "Siobhan and Nguyen"
    for _, transform in service._text_transforms:
        text = await transform(text, "sentence")
    assert text.startswith("shi-vawn and <<")


@pytest.mark.django_db
def test_the_form_refuses_a_line_that_says_nothing(admin_client):
    typed = {**WRITTEN, **PLAYERS, "pronunciations": "Siobhan shi-vawn"}
    answer = admin_client.post(f"{DESK}add/", typed)
    assert "Siobhan shi-vawn" in str(answer.context["adminform"].form.errors["pronunciations"])
    assert admin_client.post(f"{DESK}add/", {**typed, "pronunciations": DICTIONARY}).status_code == 302
    assert content.draft_spec(Character.objects.get()).pronunciations.splitlines() == DICTIONARY.splitlines()


@pytest.mark.django_db
def test_cards_carry_it_and_strangers_lines_are_looked_at():
    character = make_character(pronunciations=DICTIONARY)
    card = out(character)
    assert card["data"]["extensions"]["greenroom"]["pronunciations"] == DICTIONARY
    card["data"]["extensions"]["greenroom"]["pronunciations"] = f"nothing\n{DICTIONARY}\nx = [y](/z/)"
    assert stored(as_json(card)).pronunciations == DICTIONARY
