"""What of a repertoire is spoken next: it fits, it varies, it follows up, and it is known again."""

from dataclasses import replace

import pytest

from characters.spec import CharacterSpec
from voicebot.meaning import EmbeddingsMissing, SentenceEmbeddings, VectorStore
from voicebot.repertoire import IndexCache, Source, written_turn

EXAMPLES = """<START>
{{user}}: Who are you?
{{user}}: What's your name?
{{char}}: Marlow, at your service.
{{char}}: They call me Marlow, {{user}}, and worse.
<START>
{{user}}: Tell me about a storm.
{{user}}: Were you in a storm?
{{char}}: Off Cape Horn it blew for nine days.
{{user}}: And then?
{{user}}: What happened next?
{{char}}: It stopped, all at once.
<START>
{{user}}: Goodbye.
{{char}}: Fair winds.
<START>
{{user}}: What time is it?
{{char}}: It is {{time}}, by the ship's bell.
<START>
{{user}}: *
{{char}}: That is not in my log.
{{char}}: Ask me of the sea.
"""
SPEC = CharacterSpec(slug="marlow", name="Captain Marlow", examples=EXAMPLES)


def no_engine():
    raise EmbeddingsMissing("for this test")


@pytest.fixture
def cache(tmp_path):
    """By letters alone: what is chosen does not depend on how it was found."""
    return IndexCache(SentenceEmbeddings(no_engine), VectorStore(tmp_path / "meanings.sqlite3"))


def talk(*said: str) -> list[dict[str, str]]:
    """Turns, the visitor's first."""
    return [
        {"role": "user" if number % 2 == 0 else "assistant", "content": words}
        for number, words in enumerate(said)
    ]


def turn(cache, *said, metadata=None, spec=SPEC, seed="one"):
    return written_turn(spec, talk(*said), metadata or {}, seed=seed, on=cache)


def test_the_answer_that_fits_is_spoken_and_is_sure(cache):
    found = turn(cache, "Tell me about a storm")
    assert found.answer.text == "Off Cape Horn it blew for nine days."
    assert found.answer.source is Source.WRITTEN
    assert found.sure > 0.9
    assert found.examples[0] == 1


def test_two_answers_take_turns_and_a_lone_one_is_never_the_same_twice(cache):
    said = ["Who are you?"]
    for _ in range(6):
        answer = turn(cache, *said, metadata={"name": "Ann"}).answer
        assert answer.text not in said[-2:]
        said += [answer.text, "Who are you?"]
    assert len(set(said[:4])) == 3, "two answers and a question"
    for again, first in ((said[5], said[1]), (said[7], said[3])):
        assert again.casefold().endswith(first.casefold()), "they take turns"
    assert len(set(said[1::2])) >= 4, "and what was said lately has a few words before it"
    said = ["Goodbye."]
    for _ in range(6):
        answer = turn(cache, *said).answer
        assert answer.text not in said[-2:]
        assert answer.text.endswith("Fair winds.")
        said += [answer.text, "Goodbye."]


def test_visitors_hear_different_ones_first(cache):
    first = {turn(cache, "Who are you?", metadata={"name": "A"}, seed=f"{n}").answer.text for n in range(20)}
    assert len(first) == 2


def test_a_follow_up_is_found_right_after_its_block_alone(cache):
    assert turn(cache, "And then?").answer is None
    followed = turn(cache, "A storm?", "Off Cape Horn it blew for nine days.", "And then?")
    assert followed.answer.text == "It stopped, all at once."
    assert followed.answer.match.follows_up
    late = ("A storm?", "Off Cape Horn it blew for nine days.", "Bye.", "Fair winds.", "And then?")
    assert turn(cache, *late).answer is None


def test_a_reply_that_was_cut_off_is_known_by_what_was_heard(cache):
    assert turn(cache, "A storm?", "Off Cape Horn it —", "And then?").answer.text.startswith("It stopped")


def test_an_answer_with_macros_is_known_again(cache):
    said = turn(cache, "What time is it?").answer.text
    assert "{{" not in said
    assert cache.written(SPEC).answers.exchange_of(said) == 4
    again = turn(cache, "What time is it?", said, "What time is it?").answer.text
    assert again != said


def test_a_visitor_without_a_name_is_not_called_the_visitor(cache):
    lone = CharacterSpec(
        slug="m", name="M", examples="{{user}}: Hi\n{{char}}: {{user}}, come in. Sit, {{user}}.\n"
    )
    assert turn(cache, "Hi", spec=lone).answer.text == "Come in. Sit."
    assert turn(cache, "Hi", spec=lone, metadata={"name": "Ann"}).answer.text == "Ann, come in. Sit, Ann."
    for number in range(8):
        assert turn(cache, "Who are you?", seed=f"{number}").answer.text == "Marlow, at your service."


def test_what_a_visitor_is_called_is_no_macro(cache):
    lone = CharacterSpec(slug="m", name="M", examples="{{user}}: Hi\n{{char}}: Hello, {{user}}.\n")
    assert turn(cache, "Hi", spec=lone, metadata={"name": "{{char}}"}).answer.text == "Hello, char."


def test_where_nothing_fits_a_fallback_is_spoken_never_the_same_twice(cache):
    said = ["Quantum chromodynamics?"]
    for _ in range(5):
        found = turn(cache, *said)
        assert found.answer is None
        assert found.fallback.source is Source.FALLBACK
        assert found.words.text not in said[-2:]
        said += [found.words.text, "Quantum chromodynamics?"]


@pytest.mark.parametrize(("language", "word"), [("en", "else"), ("zh", "\u804a"), ("pt-BR", "else")])
def test_without_written_fallbacks_the_house_has_words(cache, language, word):
    lone = CharacterSpec(slug="m", name="M", examples="{{user}}: Hi\n{{char}}: Ho.\n", language=language)
    first = turn(cache, "Quantum chromodynamics?", spec=lone).words
    assert first.source is Source.HOUSE
    second = turn(cache, "Quantum?", first.text, "Quantum?", spec=lone).words
    third = turn(cache, "Quantum?", first.text, "Quantum?", second.text, "Quantum?", spec=lone).words
    assert len({first.text, second.text, third.text}) == 3
    assert any(word in one.text for one in (first, second, third))


def test_a_turn_that_nobody_asked_for_has_a_fallback(cache):
    found = turn(cache, "Hi", "Marlow, at your service.", "(The visitor has been silent for a while.)")
    assert found.answer is None
    assert found.words.source is Source.FALLBACK


def test_in_a_long_speech_the_question_at_its_end_is_found(cache):
    words = "I came by train this morning and it was quite a journey with many stops. Were you in a storm?"
    assert turn(cache, words).answer.text.startswith("Off Cape Horn")


def test_everything_is_a_matter_of_the_history_alone(cache, tmp_path):
    said = ["Who are you?", "Marlow, at your service.", "A storm?", "Off Cape Horn it blew for nine days."]
    other = IndexCache(SentenceEmbeddings(no_engine), VectorStore(tmp_path / "other.sqlite3"))
    for asked in ("And then?", "Who are you?", "Quantum?"):
        assert turn(cache, *said, asked).words == turn(other, *said, asked).words


def test_a_repertoire_of_nothing_answers_with_the_houses_words(cache):
    for examples in ("", "I talk like this.", "{{user}}: Hi", "{{user}}: *\n"):
        spec = CharacterSpec(slug="m", name="M", examples=examples)
        assert turn(cache, "Hi", spec=spec).words.source is Source.HOUSE
        assert turn(cache, spec=spec).words.source is Source.HOUSE


def test_no_words_stand_in_a_repr(cache):
    assert "Horn" not in repr(turn(cache, "Tell me about a storm").answer)


def test_another_question_is_not_answered_with_what_was_said_already(cache):
    storms = replace(
        SPEC,
        examples="<START>\n{{user}}: Were you ever in a bad storm at sea?\n{{char}}: Off Cape Horn.\n"
        "<START>\n{{user}}: Were you ever in a bad inn at sea?\n{{char}}: In Tangier.\n",
    )
    first = turn(cache, "Were you ever in a bad storm at sea?", spec=storms).answer.text
    assert first == "Off Cape Horn."
    words = "Were you ever in a bad place?"
    found = turn(cache, words, first, words, "In Tangier.", words, spec=storms)
    assert found.matches[0].sure < 0.8, "not surely the same"
    assert found.answer is None
