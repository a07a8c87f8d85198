"""H2: a stranger's card costs nobody's event loop, however long it is and whatever stands in it."""

import asyncio
import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.prompts import longest_wait
from characters import cards, field_limits, prompts
from characters.cards import importing
from characters.exceptions import CardRefused
from characters.lore import decorators
from characters.lore.book import lorebook_of
from characters.spec import CharacterSpec
from characters.text import token_estimate
from characters.text.macros import MOST_MACROS, Macros
from sessions_app.session import Session
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past
from tests.characters.test_lore import NEW
from tests.characters.test_lore import spec as with_lore
from tests.characters.test_prompts import SHEET, talk
from voicebot.ops import PromptThreads
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.prompting import REPLAY_SECS, lore_of
from voicebot.pipeline.session_context import SessionContext

MEGABYTE = 2**20
EXCHANGE = "{{user}}: What is {{random:this,that}}?\n{{char}}: I do not know, {{user}}.\n"


class Counting:
    """Counts tokens, and the characters that it was asked to count."""

    def __init__(self) -> None:
        self.characters = 0

    def __call__(self, text: str) -> int:
        self.characters += len(text)
        return token_estimate.estimate(text)


@pytest.mark.parametrize("limit", [256, 2048, 32_768])
def test_each_part_of_a_prompt_is_measured_once(limit):
    """It was measured again for each example, entry and message that had to go: 56 KB took 13 s."""
    lore = [{"constant": True, "content": f"entry {n} " + "lore " * 20} for n in range(400)]
    card = replace(with_lore(*lore), examples=EXCHANGE * 700, description="old " * 25_000)
    card = replace(card, book=replace(card.book, token_budget=30_000))
    history = talk(500)
    found = prompts.activate(card, {}, history, secs=10)
    assert len(found.entries) == 400
    count = Counting()
    prompt = prompts.render(card, {}, history, lore=found, limit=limit, count=count)
    whole = sum(map(len, (card.examples, card.description))) + sum(len(e["content"]) for e in lore)
    assert count.characters < 1.5 * (whole + sum(len(m["content"]) for m in history))
    assert prompt.cut


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 300), st.floats(0, 9), st.booleans()), max_size=8),
    st.integers(0, 20),
    st.integers(150, 3000),
)
@settings(max_examples=150, deadline=None)
def test_what_is_left_fits_or_nothing_more_may_go(turns, lore, examples, limit):
    entries = [
        {"constant": True, "priority": rank, "content": "@@ignore_on_max_context\n" * goes + "x" * size}
        for size, rank, goes in lore
    ]
    card = replace(with_lore(*entries), examples=EXCHANGE * examples)
    history = talk(turns)
    found = prompts.activate(card, {}, history, secs=10)
    prompt = prompts.render(card, {}, history, lore=found, limit=limit)
    room = limit - prompts.REPLY_TOKENS
    least = prompts.render(card, {}, history[-1:], limit=1)
    assert prompt.tokens <= max(room, least.tokens)
    assert (
        list(prompt.messages[prompt.examples :])
        == history[len(history) - len(prompt.messages) + prompt.examples :]
    )
    if prompt.cut and prompt.examples:
        assert all("example" in what for what in prompt.cut), "examples go before all else"
    counted = token_estimate.estimate(prompt.instructions) + sum(
        token_estimate.estimate(m["content"]) + token_estimate.MESSAGE_TOKENS for m in prompt.messages
    )
    lines = len(prompt.instructions.splitlines())
    assert abs(prompt.tokens - counted - token_estimate.MESSAGE_TOKENS) <= lines + 1


def huge() -> CharacterSpec:
    """A card of 4 MB, as it may stand in a database from before there were limits."""
    return replace(
        SHEET,
        examples=EXCHANGE * (2 * MEGABYTE // len(EXCHANGE)),
        description="{{random:a,b}} " * (MEGABYTE // 15),
        personality="{{" * (MEGABYTE // 4) + "<user>" * 1000,
        scenario="言" * (MEGABYTE // 3),
    )


async def test_four_megabytes_of_card_do_not_hold_up_the_loop():
    card = huge()
    history = talk(40)

    async def once() -> float:
        threads = PromptThreads()
        turns = [threads.run(prompts.render, card, {"name": "Robin"}, history, turn=n) for n in range(3)]
        return await longest_wait(asyncio.gather(*turns))

    assert sorted([await once() for _ in range(5)])[2] < 0.05


def test_macros_of_a_prompt_are_bounded():
    macros = Macros(char="X")
    text = macros.expand("{{roll:6}}" * 6000)
    assert text.count("{{roll:6}}") == 6000 - MOST_MACROS
    assert macros.expand("{{char}}") == "{{char}}", "the bound is for all texts of the prompt"


@pytest.mark.parametrize(
    "line",
    ["@@depth 1" + " " * 200_000 + "x", " " * 200_000 + "@@", "@@" + "a" * 200_000, "@@depth\t" * 30_000],
)
def test_lines_of_decorators_are_read_in_linear_time(line):
    """A line of blanks took the square of its length: 200 KB would have been hours."""
    begun = time.process_time()
    decorators.parse(line)
    assert time.process_time() - begun < 1


# --- limits, at import and in the form alike ---

FIELDS = {
    "system_prompt": "system_prompt",
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "post_history_instructions": "post_history",
    "first_mes": "greeting",
    "mes_example": "examples",
    "creator_notes": "about",
}


def card_of(**data) -> bytes:
    return json.dumps({"spec": "chara_card_v2", "data": {"name": "X", "first_mes": "Hi.", **data}}).encode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_too_long_is_refused_with_a_sentence(name):
    from characters.models import Character

    most = field_limits._TEXTS[FIELDS[name]]
    assert importing.store(cards.read(card_of(**{name: "x" * most})))
    with pytest.raises(CardRefused, match=r"too long\. At most"):
        importing.store(cards.read(card_of(**{name: "x" * (most + 1)})))
    assert Character.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "entry",
    [
        {"keys": ["k"] * (field_limits.KEYS + 1)},
        {"keys": ["k" * (field_limits.KEY_CHARACTERS + 1)]},
        {"secondary_keys": ["k"] * (field_limits.KEYS + 1)},
        {"content": "x" * (field_limits.TEXT_CHARACTERS + 1)},
        {"comment": "x" * (field_limits.NOTE_CHARACTERS + 1)},
    ],
)
def test_an_entry_that_is_too_long_is_refused(entry):
    book = {"entries": [{"keys": ["a"], "content": "b", "name": "The reef", **entry}]}
    with pytest.raises(CardRefused, match="of “The reef” of its lorebook: "):
        importing.store(cards.read(card_of(character_book=book)))


@pytest.mark.django_db
def test_the_form_has_the_same_limits():
    from characters.admin.forms import CharacterForm
    from characters.admin.lore.form import LoreForm
    from tests.characters.factory import make_character

    class Form(CharacterForm):
        class Meta(CharacterForm.Meta):
            fields = (*FIELDS.values(), "alternate_greetings", "lore_token_budget")
            exclude = None

    given = {field: "x" * (field_limits._TEXTS[field] + 1) for field in FIELDS.values()}
    form = Form({**given, "lore_token_budget": field_limits.TOKEN_BUDGET + 1}, instance=make_character())
    assert set(form.errors) == {*FIELDS.values(), "lore_token_budget"}

    entry = LoreForm(
        {
            "keys": "k" * (field_limits.KEY_CHARACTERS + 1),
            "content": "x" * (field_limits.TEXT_CHARACTERS + 1),
            "insertion_order": 100,
        }
    )
    assert set(entry.errors) == {"keys", "content"}


# --- lore ---


def a_conversation(card: CharacterSpec) -> ConversationState:
    from datetime import UTC, datetime
    from uuid import uuid4

    now = datetime.now(UTC)
    session = Session(uuid4(), "marlow", 1, False, "anon:me", "active", now, now, now, 0, {})
    context = SessionContext(session.id, None, None, session.id)  # type: ignore[arg-type]
    return ConversationState(context, session, card, Past("", Coverage(), []))


def test_going_through_earlier_turns_for_lore_has_a_time_of_its_own():
    """It was one scan of up to 25 ms for each of 40 turns, before the first answer of every connection."""
    keys = [f"key {n}" for n in range(3000)]
    content = "@@keep_activate_after_match\nkept"
    state = a_conversation(
        with_lore({"keys": keys, "content": content}, {"keys": ["reef"], "content": content})
    )
    now = [0.0]

    def clock() -> float:
        now[0] += 0.02  # each look takes its time
        return now[0]

    history = talk(200)
    begun = now[0]
    _, found = lore_of(state, history, clock)
    assert now[0] - begun < REPLAY_SECS + 0.1
    assert found.replayed
    state.set_lore(state.spec, found)
    before = now[0]
    lore_of(state, history, clock)
    assert now[0] - before <= 0.04, "once for each connection"


def test_what_earlier_turns_called_for_is_remembered_after_a_reconnect():
    state = a_conversation(with_lore({"keys": ["reef"], "content": "@@keep_activate_after_match\nkept"}))
    history = [{"role": "user", "content": "Tell me of the reef."}, *talk(41)[1:]]
    assert [entry.content for entry in lore_of(state, history)[0].entries] == ["kept"]


def test_a_book_of_four_megabytes_is_made_in_a_moment():
    entries = [
        {**NEW, "content": "@@depth 4\n" + " " * 1000 + "word " * 200, "keys": ["a", "b"]}
        for _ in range(2000)
    ]
    begun = time.process_time()
    lorebook_of({"lore_scan_depth": None, "lore_token_budget": None, "lore_recursive": False}, entries)
    assert time.process_time() - begun < 2
