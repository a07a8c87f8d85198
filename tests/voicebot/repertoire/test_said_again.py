"""An answer that is said again reads as one sentence, or as two, and names keep their capitals."""

import pytest

from characters.spec import CharacterSpec
from tests.voicebot.repertoire.test_written_turn import cache, turn  # noqa: F401  (a fixture)
from voicebot.repertoire.house_words import again_of, leads

ANSWERS = {
    "ship": "An old brig, {{user}}, and leaking.",
    "friend": "Marlow will do, as the old hands say.",
    "tale": "Salt got into everything. Not only the salt, tar as well.",
    "weather": "I'd say rain.",
    "harbour": "Bristol, and the Rose lay in Bristol.",
    "flower": "Rose was her name. The tar smelt of Rose and of a rose.",
    "guest": "{{user}}, come in.",
    "wish": "Tar, and more tar.",
}
EXAMPLES = "".join(
    f"<START>\n{{{{user}}}}: {asked}?\n{{{{char}}}}: {said}\n" for asked, said in ANSWERS.items()
)
SPEC = CharacterSpec(slug="m", name="M", examples=EXAMPLES)


def again(cache, asked: str) -> set[str]:  # noqa: F811
    """All that is said to a question that is asked over and over."""
    said = [f"{asked}?"]
    for _ in range(8):
        said += [turn(cache, *said, spec=SPEC, metadata={"name": "Will"}).answer.text, f"{asked}?"]
    return set(said[3::2])


@pytest.mark.parametrize(
    ("asked", "after_comma"),
    [
        ("ship", "an old brig, Will, and leaking."),
        ("tale", "salt got into everything."),
        ("weather", "I'd say rain."),
        ("wish", "tar, and more tar."),
    ],
)
def test_after_a_comma_a_sentence_goes_on_in_small_letters(cache, asked, after_comma):  # noqa: F811
    found = again(cache, asked)
    assert any(text.startswith(f"As I said, {after_comma}") for text in found), found
    for text in found - {one for one in found if one.startswith("As I said, ")}:
        assert text.split(". ", 1)[1][0].isupper()


@pytest.mark.parametrize("asked", ["friend", "harbour", "flower", "guest"])
def test_what_may_be_a_name_keeps_its_capital_and_follows_a_full_stop(cache, asked):  # noqa: F811
    found = again(cache, asked)
    assert len(found) == 2
    for text in found:
        assert text.startswith(("Once more, then. ", "It is as I told you. "))
        assert text.split(". ", 1)[1][0].isupper()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_language_has_words_that_are_a_sentence_or_go_on(language):
    assert len(again_of(language)) >= 3
    assert set(again_of(language)) <= set(leads())
