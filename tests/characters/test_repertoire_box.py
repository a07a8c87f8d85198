"""At the desk a writer sees which exchange would answer what, how surely, and what is said if none does."""

import pytest

from characters.models import Character
from tests.characters.factory import make_character
from tests.characters.test_desk import DESK, PLAYERS, staff  # noqa: F401  (a fixture)
from tests.voicebot.repertoire.test_written_turn import EXAMPLES
from voicebot.repertoire import drafts, index_cache

pytestmark = pytest.mark.django_db
WITHOUT_MODEL = {**PLAYERS, "llm_provider": "repertoire"}


def tried(client, asked: str, **typed: str):
    return client.post(f"{DESK}rehearse/written/", {**WITHOUT_MODEL, "_asked": asked, **typed})


@pytest.fixture
def marlow():
    return make_character(examples=EXAMPLES)


def test_the_exchange_that_would_answer_and_the_next_two_are_shown_with_how_sure_they_are(
    admin_client, marlow
):
    found = tried(admin_client, "Have you ever been in a bad storm?", _character=marlow.pk).json()
    assert found["said"] == "Off Cape Horn it blew for nine days."
    assert found["speaks"] == "Said, as it is written"
    first, *next_two = found["fits"]
    assert len(next_two) == 2
    assert (first["first"], first["nearest"]) == ("Tell me about a storm.", "Were you in a storm?")
    assert first["answer"] == "Off Cape Horn it blew for nine days."
    assert first["sure"] >= 55 > next_two[0]["sure"] >= next_two[1]["sure"]
    assert first["words"] in ("likely", "very likely", "surely")
    assert next_two[1]["words"] in ("hardly", "perhaps")
    assert found["byMeaning"], "as on stage, where the engine is"


def test_what_is_typed_and_not_saved_is_found_at_once(admin_client, marlow):
    typed = EXAMPLES + "<START>\n{{user}}: Do you like cheese?\n{{char}}: Only with rum.\n"
    assert tried(admin_client, "Do you like cheese?", _character=marlow.pk).json()["said"] != "Only with rum."
    found = tried(admin_client, "Do you like cheese?", _character=marlow.pk, examples=typed)
    assert found.json()["said"] == "Only with rum."
    assert "no-store" in found["Cache-Control"]
    assert Character.objects.get().examples == EXAMPLES, "nothing was saved"
    new = tried(admin_client, "Do you like cheese?", name="New", examples=typed).json()
    assert new["said"] == "Only with rum.", "of one that was never saved, too"


def test_a_follow_up_is_found_after_the_conversation_of_the_rehearsal(admin_client, marlow):
    talk = "Visitor: A storm?\nCharacter: Off Cape Horn it blew for nine days."
    found = tried(admin_client, "And then?", _character=marlow.pk, _talk=talk).json()
    assert found["said"] == "It stopped, all at once."
    assert found["fits"][0]["followsUp"]


@pytest.mark.parametrize(
    ("provider", "speaks", "said"),
    [
        ("repertoire", "Nothing fits well enough. Said instead, as it is written for that", True),
        ("local", "The language model answers in its own words.", False),
        ("openai", "The language model answers in its own words.", False),
    ],
)
def test_where_nothing_fits_it_is_the_fallback_or_the_model(admin_client, marlow, provider, speaks, said):
    asked = "Quantum chromodynamics explains gluons"
    found = tried(admin_client, asked, _character=marlow.pk, llm_provider=provider).json()
    assert (found["speaks"], bool(found["said"])) == (speaks, said)
    if said:
        assert found["said"] in ("That is not in my log.", "Ask me of the sea.")


@pytest.mark.parametrize(("provider", "said"), [("local", "Fair winds."), ("openai", "")])
def test_beside_a_model_a_written_answer_is_spoken_only_where_the_provider_does(
    admin_client, marlow, provider, said
):
    found = tried(admin_client, "Goodbye.", _character=marlow.pk, llm_provider=provider).json()
    assert found["said"] == said
    assert found["fits"][0]["shown"] is (not said)
    assert ("sees the exchanges" in found["speaks"]) is (not said)


def test_who_asks_for_the_machine_gets_the_honest_answer(admin_client, marlow):
    found = tried(admin_client, "Are you a robot?", _character=marlow.pk).json()
    assert "whether a machine is there" in found["speaks"]
    assert found["said"]


def test_what_visitors_ask_of_themselves_and_what_was_said_last_are_known_by_rules(admin_client, marlow):
    talk = "Visitor: A storm?\nCharacter: Off Cape Horn it blew for nine days."
    found = tried(admin_client, "What is my name?", _character=marlow.pk).json()
    assert "ask it of themselves" in found["speaks"]
    assert "Robin" in found["said"], "the visitor of the rehearsal"
    found = tried(admin_client, "What did you say?", _character=marlow.pk, _talk=talk).json()
    assert found["speaks"].startswith("Said again")
    assert "nine days" in found["said"]


def test_typing_drives_no_character_on_stage_out_of_its_index(admin_client, marlow):
    known = set(index_cache()._known)
    for number in range(12):
        tried(admin_client, "Hi", _character=marlow.pk, examples=f"{EXAMPLES}\n{number}")
    assert set(index_cache()._known) == known
    assert len(drafts()._known) <= 8


@pytest.mark.parametrize("examples", ["", "I talk like this.", "{{user}}: *\n", "{{user}}: Hi"])
def test_a_character_without_exchanges_says_so(admin_client, marlow, examples):
    found = tried(admin_client, "Hi", _character=marlow.pk, examples=examples).json()
    assert found["fits"] == []
    assert found["said"], "the house has words"


def test_nothing_asked_is_no_question_and_only_writers_ask(admin_client, marlow, staff):  # noqa: F811
    answer = tried(admin_client, "  ", _character=marlow.pk)
    assert (answer.status_code, answer.json()["error"]) == (400, "Write something first.")
    assert tried(staff("Moderator"), "Hi", _character=marlow.pk).status_code == 403
