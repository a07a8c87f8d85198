"""Names that a character is likely to hear are written as they are, and not where nobody said them."""

import pytest

from characters.content import NEW_LORE
from characters.lore import lorebook_of
from characters.lore.shared import RULES
from characters.spec import CharacterSpec
from tests.piper_speech import spoken
from tests.words import words

NAMES = ("Maren", "Halvorsen", "Tindra", "Skerry", "Orsolya", "Brannoch", "Kestrel", "Vesper")
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


def test_a_recogniser_is_hinted_at_the_names_of_its_character():
    from voicebot.providers.local.provider import LocalProvider

    row = {**NEW_LORE, "name": "", "content": "."}
    book = lorebook_of(
        dict.fromkeys(RULES), [{**row, "keys": ["Tindra", "the old lighthouse", "Skerry Sound"]}]
    )
    spec = CharacterSpec("maren", "Maren", pronunciations="Orsolya = or-SHOY-ah", book=book)
    names = LocalProvider().stt(spec)._expected.names
    assert names == ("Maren", "Orsolya", "Tindra", "Skerry Sound")
