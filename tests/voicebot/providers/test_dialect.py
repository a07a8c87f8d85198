"""Any conversation can be put to any server: in turn where a template wants it, and always encodable."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characters import prompts
from tests.characters.test_prompts import SHEET
from tests.voicebot.model_server import deepseek, gemma, gemma_2, mistral
from voicebot.providers.llm.dialect import (
    CHATML,
    COMPATIBLE,
    GO_ON,
    OPENAI,
    OPENING,
    alternating,
    dialect_of,
    folded,
)

ROLES = st.sampled_from(["system", "user", "assistant", "developer"])
TEXTS = st.text(max_size=12) | st.sampled_from(["", " ", "I like you \ud83d", "\x00"])
PARTS = st.just([{"type": "text", "text": "Look."}])
MESSAGES = st.lists(st.fixed_dictionaries({"role": ROLES, "content": TEXTS | PARTS}), max_size=12)


@given(MESSAGES)
def test_strict_templates_take_any_conversation(messages):
    asked = COMPATIBLE.messages(messages)
    for template in (gemma, mistral, deepseek):
        template(asked)
    gemma_2(folded(asked))
    assert COMPATIBLE.messages(asked) == asked  # once is enough


@given(MESSAGES)
def test_nothing_that_was_said_is_lost_or_said_in_another_order(messages):
    def words(all_of_them) -> str:
        found = []
        for message in all_of_them:
            content = message["content"]
            found += [content] if isinstance(content, str) else [part["text"] for part in content]
        return "".join(" ".join(found).split()).replace("(", "").replace(")", "")

    said = CHATML.messages(messages)
    added = words([{"content": OPENING}]), words([{"content": GO_ON}])
    kept = words(alternating(said)).replace(added[0], "").replace(added[1], "")
    assert kept == words(said).replace(added[0], "").replace(added[1], "")


@given(MESSAGES)
def test_whatever_was_typed_can_be_encoded(messages):
    for dialect in (OPENAI, CHATML, COMPATIBLE):
        assert "\x00" not in str(dialect.messages(messages)).encode().decode()


def test_a_character_with_everything_is_asked_in_turn():
    history = [
        {"role": "assistant", "content": "Ahoy!"},
        {"role": "user", "content": "Hello?"},
        {"role": "user", "content": "Is anybody there?"},
        {"role": "assistant", "content": "Aye."},
        {"role": "assistant", "content": "Forgive me."},
        {"role": "user", "content": "Tell me of the sea."},
    ]
    spec = replace(SHEET, post_history="Stay in your part.")
    prompt = prompts.render(spec, {}, history).as_messages()
    asked = COMPATIBLE.messages(prompt)
    for template in (gemma, mistral, deepseek):
        template(asked)
    assert asked[0] == prompt[0]
    assert "Hello?\n\nIs anybody there?" in [message["content"] for message in asked]


def test_what_is_told_in_the_middle_is_in_brackets_and_in_its_place():
    asked = alternating(
        [
            {"role": "system", "content": "You are a captain."},
            {"role": "user", "content": "Hello"},
            {"role": "system", "content": "The storm begins."},
            {"role": "assistant", "content": "Hold fast!"},
            {"role": "user", "content": "Aye"},
            {"role": "system", "content": "Stay in your part."},
        ]
    )
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "user"]
    assert asked[1]["content"] == "Hello\n\n(The storm begins.)"
    assert asked[-1]["content"] == "Aye\n\n(Stay in your part.)"


def test_calls_of_tools_stay_as_they_are():
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    answer = {"role": "tool", "tool_call_id": "1", "content": "4"}
    messages = [{"role": "user", "content": "2+2?"}, call, answer, {"role": "user", "content": "Well?"}]
    assert alternating(messages) == messages


@pytest.mark.parametrize(
    ("address", "dialect"),
    [
        ("", OPENAI),
        (None, OPENAI),
        ("https://api.openai.com/v1", OPENAI),
        ("https://mine.openai.azure.com/openai/v1", OPENAI),
        ("https://api.deepseek.com", COMPATIBLE),
        ("http://127.0.0.1:11434/v1", COMPATIBLE),
        ("https://notopenai.com/v1", COMPATIBLE),
        ("https://openai.com.example.org/v1", COMPATIBLE),
    ],
)
def test_openais_own_servers_are_known_by_their_address(address, dialect):
    assert dialect_of(address) == dialect
