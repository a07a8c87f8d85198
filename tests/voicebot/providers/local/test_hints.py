"""Names that a character is likely to hear are written as they are, and not where nobody said them."""

import pytest

from characters.content import NEW_LORE
from characters.lore import lorebook_of
from characters.lore.shared import RULES
from characters.spec import CharacterSpec
from tests import chinese_speech
from tests.noises import clips
from tests.piper_speech import spoken
from tests.words import words

NAMES = ("Maren", "Halvorsen", "Tindra", "Skerry", "Orsolya", "Brannoch", "Kestrel", "Vesper")
CHINESE = ("梅姨", "来福", "小满", "沈晚舟", "青岚镇", "碧螺春")
# Of a cough Whisper base makes three of these.
INVENTED = (
    *("Maren", "Halvorsen", "Tindra", "Skerry", "Orsolya"),
    *("Brannoch", "Kestrel", "Wren", "Isolde", "Vesper"),
)
PLAIN = (
    "What is the capital of France?",
    "Where did you put the old map?",
    "Good morning, my name is Robin.",
)


def told_right(names: tuple[str, ...]) -> int:
    """How many of NAMES are heard as they are written."""
    from voicebot.providers.local import ears

    expected = ears.Expected(names=names)
    return sum(
        words(name)[0]
        in words(ears.english().listen(spoken(f"Tell me a story about {name}.").tobytes(), expected).text)
        for name in NAMES
    )


@pytest.mark.local
def test_most_names_are_heard_right_that_are_hinted_at():
    without = told_right(())
    assert told_right(NAMES) >= max(without + 3, len(NAMES) * 0.6)


@pytest.mark.local
@pytest.mark.parametrize("said", PLAIN)
def test_what_has_no_such_name_is_heard_as_before(said):
    from voicebot.providers.local import ears

    heard = ears.english().listen(spoken(said).tobytes(), ears.Expected(names=NAMES)).text
    assert words(heard) == words(said)


@pytest.mark.local
@pytest.mark.skipif(not chinese_speech.HAS_CHINESE, reason="needs the extra `local-kokoro`")
def test_most_chinese_names_are_heard_right_that_are_hinted_at():
    from voicebot.providers.local import ears

    def told_right(names: tuple[str, ...]) -> int:
        expected = ears.Expected(("zh",), names)
        heard = [
            ears.multilingual().listen(chinese_speech.spoken(f"请给我讲讲{name}的故事。").tobytes(), expected)
            for name in CHINESE
        ]
        return sum(name in one.text for name, one in zip(CHINESE, heard, strict=True))

    without = told_right(())
    assert told_right(CHINESE) >= max(without + 2, len(CHINESE) - 1)


@pytest.mark.local
@pytest.mark.parametrize("ear", ["english", "multilingual"])
def test_noises_are_no_names_that_were_hinted_at(ear):
    from voicebot.providers.local import ears

    model, expected = getattr(ears, ear)(), ears.Expected(names=INVENTED)
    noises = [(name, pcm) for name, pcm in clips() if name.startswith(("a cough", "claps"))]
    assert noises
    heard = {name: model.listen(pcm.tobytes(), expected).text for name, pcm in noises}
    assert not any(heard.values()), heard
    assert model.listen(spoken("Kestrel.").tobytes(), expected).text, "whoever says a name has a voice"


def test_a_recogniser_is_hinted_at_the_names_of_its_character():
    from voicebot.providers.local.provider import LocalProvider

    row = {**NEW_LORE, "name": "", "content": "."}
    book = lorebook_of(
        dict.fromkeys(RULES), [{**row, "keys": ["Tindra", "the old lighthouse", "Skerry Sound"]}]
    )
    spec = CharacterSpec("maren", "Maren", pronunciations="Orsolya = or-SHOY-ah", book=book)
    names = LocalProvider().stt(spec)._expected.names
    assert names == ("Maren", "Orsolya", "Tindra", "Skerry Sound")


@pytest.mark.local
def test_chinese_names_are_hinted_at_in_chinese_and_english_ones_in_english():
    from voicebot.providers.local import ears
    from voicebot.providers.local.provider import LocalProvider

    book = lorebook_of(
        dict.fromkeys(RULES), [{**NEW_LORE, "name": "", "content": ".", "keys": ["来福", "茶", "Skerry"]}]
    )
    spec = CharacterSpec("m", "梅姨", language="zh", other_languages=("en",), book=book)
    names = LocalProvider().stt(spec)._expected.names
    assert names == ("梅姨", "来福", "Skerry"), "one character is no name"
    base = ears.multilingual()
    told = {
        language: base.tokenizer(language).decode(base.prompt(language, names))
        for language in ("zh", "en", "de")
    }
    assert ["梅姨、来福" in told["zh"], "Skerry" in told["zh"]] == [True, False]
    assert ["梅姨" in told["en"], "Skerry" in told["en"]] == [False, True]
    assert "Skerry" not in told["de"]
