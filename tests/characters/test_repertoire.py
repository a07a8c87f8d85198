"""Example exchanges as a repertoire: wordings, answers, follow-ups and fallbacks."""

import time
from dataclasses import replace

import pytest

from characters import cards, prompts
from characters.field_limits import EXAMPLES_CHARACTERS, too_long
from characters.spec import CharacterSpec
from tests.characters.factory import make_character

SPEC = CharacterSpec(
    slug="marlow",
    name="Captain Marlow",
    examples="""<START>
{{user}}: Who are you?
{{user}}: What's your name?
{{char}}: Marlow.
{{char}}: They call me Marlow,
and have done for years.
{{user}}: Really?
{{char}}: As sure as tar.
{{user}}: Why?
{{char}}: My mother chose it.
<START>
{{user}}: Any storms?
{{char}}: A few.
<START>
{{user}}: *
{{char}}: Ask me of the sea.
{{char}}: The wind took that.
""",
)


def test_lines_in_a_row_are_wordings_and_answers_and_what_comes_after_is_a_follow_up():
    found = prompts.repertoire_of(SPEC)
    assert found.exchanges == (
        prompts.Exchange(
            ("Who are you?", "What's your name?"),
            ("Marlow.", "They call me Marlow, and have done for years."),
        ),
        prompts.Exchange(("Really?",), ("As sure as tar.",), follows=0),
        prompts.Exchange(("Why?",), ("My mother chose it.",), follows=0),
        prompts.Exchange(("Any storms?",), ("A few.",)),
    )
    assert found.fallbacks == ("Ask me of the sea.", "The wind took that.")


def test_without_start_every_exchange_stands_on_its_own():
    spec = replace(SPEC, examples="{{user}}: A?\n{{char}}: B.\n{{user}}: C?\n{{user}}: D?\n{{char}}: E.")
    assert prompts.repertoire_of(spec).exchanges == (
        prompts.Exchange(("A?",), ("B.",)),
        prompts.Exchange(("C?", "D?"), ("E.",)),
    )


def test_fallbacks_are_no_examples():
    contents = [message["content"] for message in prompts.render(SPEC, {}).messages]
    assert contents[:2] == ["Who are you?", "Marlow."]
    assert not {"*", "Ask me of the sea.", "The wind took that."} & set(contents)


def many(count: int) -> str:
    return "".join(
        f"<START>\n{{{{user}}}}: Question {n}, what of it?\n{{{{user}}}}: And number {n}, what is it?\n"
        f"{{{{char}}}}: This is the answer to number {n}, and it is as long as answers are, {{{{user}}}}.\n"
        for n in range(count)
    )


def test_two_thousand_exchanges_fit_and_are_read_once():
    spec = replace(SPEC, examples=many(2000))
    assert not too_long({"examples": spec.examples})
    assert too_long({"examples": "x" * (EXAMPLES_CHARACTERS + 1)})
    assert len(prompts.repertoire_of(spec).exchanges) == 2000
    began = time.process_time()
    for _ in range(20):
        prompts.render(spec, {"name": "Robin"}, [{"role": "user", "content": "Hello"}], limit=128_000)
    assert (time.process_time() - began) / 20 < 0.05, "a turn takes no longer than with a few examples"


@pytest.mark.django_db
def test_two_thousand_exchanges_are_published_and_go_through_a_card_as_they_are():
    began = time.process_time()
    character = make_character(examples=many(2000).strip())
    for form in cards.FORMATS:
        card = cards.read(cards.export(character, form).data)
        assert card.fields["examples"] == character.examples
        cards.update(card, character)
    assert character.examples == many(2000).strip()
    assert time.process_time() - began < 5
