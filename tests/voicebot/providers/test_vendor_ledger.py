"""What a vendor's session knows of a conversation, and what it has to be told."""

from dataclasses import dataclass

from sessions_app.session import CUT_OFF
from voicebot.providers.speech_to_speech.ledger import Ledger


@dataclass
class Said:
    transcript: str


def user(text: str) -> dict:
    return {"role": "user", "content": text}


def character(text: str) -> dict:
    return {"role": "assistant", "content": text}


def note(text: str) -> dict:
    return {"role": "system", "content": text}


def call(name: str) -> list[dict]:
    asked = {"id": name, "type": "function", "function": {"name": "dice", "arguments": "{}"}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": name, "content": '"six"'},
    ]


def test_what_was_heard_and_said_there_is_not_told_again():
    ledger = Ledger()
    ledger.everything([character("Ahoy.")])
    ledger.heard("Good morning,")
    ledger.heard("captain.")
    talk = [character("Ahoy."), user("Good morning, captain.")]
    assert ledger.news(talk).said == []
    ledger.replies(Said("The sea is wide. The sky is high."))
    talk += [character(f"The sea is{CUT_OFF}"), user("Typed.")]
    assert ledger.news(talk).said == [user("Typed.")]


def test_the_same_words_twice_are_two_questions():
    ledger = Ledger()
    talk = [user("Yes.")]
    assert ledger.news(talk).said == [user("Yes.")]
    ledger.replies(Said("And?"))
    talk += [character("And?"), user("Yes.")]
    assert ledger.news(talk).said == [user("Yes.")]


def test_what_the_house_has_said_is_told():
    ledger = Ledger()
    ledger.news([user("Hello?")])
    talk = [user("Hello?"), character("Forgive me."), user("And now?")]
    assert ledger.news(talk).said == [character("Forgive me."), user("And now?")]


def test_a_call_that_it_made_gets_its_answer_and_another_one_gets_both():
    ledger = Ledger()
    talk = [user("Roll."), *call("theirs")]
    ledger.news(talk[:1])
    ledger.called("theirs")
    assert ledger.news(talk).said == talk[2:]
    talk += [user("The time?"), *call("ours")]
    assert ledger.news(talk).said == [*talk[4:6], talk[3]]


def test_lore_is_for_the_turn_and_old_lore_is_not_told_again():
    long = [note("old"), *[user(f"{n}") for n in range(8)], note("new"), user("last")]
    assert Ledger().news(long).asides == [note("new")]
