"""What changes in a conversation: the voice's speed by the visitor's wish, a pending character, lore."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from characters.lore import Memory
from characters.lore.book import lorebook_of
from characters.spec import CharacterSpec
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past
from tests.characters.test_lore import NEW
from voicebot.pipeline.conversation_state import SPEEDS, ConversationState, LoreFound
from voicebot.pipeline.prompting import lore_of
from voicebot.pipeline.session_context import SessionContext

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def state(spec: CharacterSpec, **metadata: object) -> ConversationState:
    session = SimpleNamespace(id=uuid4(), metadata=metadata, created_at=BEGUN, api_key=0)
    context = SessionContext(session.id, None, None, uuid4())  # type: ignore[arg-type]
    return ConversationState(context, session, spec, Past("", Coverage(), []))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "own", "speed"),
    [
        (1.2, 1.0, 1.2),
        (0.5, 0.9, SPEEDS[0]),
        (9, 1.0, SPEEDS[1]),
        ("fast", 0.9, 0.9),
        (True, 1, 1),
        (None, 1, 1),
        (10**400, 0.9, 0.9),
        (-(10**400), 0.9, 0.9),
        (float("nan"), 0.9, 0.9),
        (float("inf"), 0.9, 0.9),
        (-1, 0.9, SPEEDS[0]),
    ],
)
def test_the_voice_is_as_fast_as_wished_within_what_is_understood(wish, own, speed):
    spec = CharacterSpec(slug="a", name="A", voice_speed=own)
    assert state(spec, voiceSpeed=wish).voice_spec.voice_speed == pytest.approx(speed)


def with_book(*contents: str) -> CharacterSpec:
    book = lorebook_of(
        {"lore_scan_depth": None, "lore_token_budget": None, "lore_recursive": False},
        [{**NEW, "keys": ["reef"], "content": content} for content in contents],
    )
    return CharacterSpec(slug="a", name="A", book=book)


def test_a_pending_character_speaks_once_it_is_applied():
    before, after = CharacterSpec(slug="a", name="A"), CharacterSpec(slug="a", name="B")
    one = state(before)
    assert not one.apply_pending_spec()
    one.set_pending_spec(after)
    assert one.spec is before
    assert one.apply_pending_spec()
    assert one.spec is after
    assert not one.apply_pending_spec(), "but once"


def test_lore_that_was_found_is_forgotten_with_its_book():
    before, after = with_book("one"), with_book("another")
    one = state(before)
    one.set_lore(before, LoreFound(Memory(frozenset({1})), replayed=True))
    one.set_pending_spec(replace(before, name="B"))
    one.apply_pending_spec()
    assert one.lore.memory.called == {1}, "the book is the same"
    one.set_pending_spec(after)
    one.apply_pending_spec()
    assert one.lore == LoreFound()
    one.set_lore(before, LoreFound(Memory(frozenset({7})), replayed=True))
    assert one.lore == LoreFound(), "a prompt that was begun with the old book came late"


def test_what_is_fixed_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        state(with_book()).context.limit = 1  # type: ignore[misc]


def sticky_spec(version: int = 1) -> CharacterSpec:
    rest = json.dumps({"id": 0, "extensions": {"sticky": 60, "cooldown": 500}})
    book = lorebook_of(
        {"lore_scan_depth": 1, "lore_token_budget": None, "lore_recursive": False},
        [{**NEW, "keys": ["reef"], "content": "kept", "rest": rest}],
    )
    return CharacterSpec(slug="a", name="A", version=version, book=book)


def told(one: ConversationState, history: list[Any]) -> list[str]:
    found, lore = lore_of(one, history)
    one.set_lore(one.spec, lore)
    return [entry.content for entry in found.entries]


def test_what_stays_and_rests_goes_on_after_a_reconnect_also_when_its_turns_are_summarised():
    spec = sticky_spec()
    one = state(spec)
    history: list[Any] = [
        {"role": "user" if n % 2 == 0 else "assistant", "content": f"word {n}"} for n in range(121)
    ]
    history[2]["content"] = "the reef"
    assert told(one, history[:3]) == ["kept"]
    assert told(one, history[:61]) == ["kept"], "58 messages later"
    remembered = one.lore_record()
    assert json.loads(json.dumps(remembered)) == remembered

    def again(lore: Any, spec: CharacterSpec = spec) -> ConversationState:
        past = Past("They met.", Coverage(50), [], lore)
        return ConversationState(one.context, one.session, spec, past)

    assert told(again(remembered), history[50:61]) == ["kept"]
    assert told(again(remembered), history[50:63]) == [], "it has ended, and rests"
    history[80]["content"] = "the reef"
    assert told(again(remembered), history[50:81]) == []
    assert told(again(None), history[50:81]) == ["kept"], "nobody knows of the first time"
    assert told(again(remembered, sticky_spec(2)), history[50:61]) == [], "another book"
    assert told(again({"book": spec.label, "called": "nonsense"}), history[50:61]) == []


def test_a_reconnect_without_a_summary_goes_through_the_turns_again():
    spec, history = sticky_spec(), [{"role": "user", "content": "the reef"}]
    history += [{"role": "assistant", "content": "aye"}, {"role": "user", "content": "and?"}]
    assert told(state(spec), history) == ["kept"]
    assert state(with_book("one")).lore_record() is None, "nothing to remember"


def test_variables_of_macros_go_on_where_an_earlier_connection_left_them():
    begun = state(CharacterSpec(slug="a", name="A"), variables={"n": 3, "mood": "happy", "x": ["no"]})
    now = begun.moment(BEGUN + timedelta(minutes=5))
    assert now.variables == {"n": "3", "mood": '"happy"'}
    assert now.idle_secs == 300
    now.variables["n"] = "4"
    assert begun.variables["n"] == "3", "a prompt that is rendered ahead changes nothing"
    assert begun.set_variables(now.variables)
    assert not begun.set_variables(begun.moment().variables)
    assert begun.variables["n"] == "4"
