"""Lorebooks: what the talk calls for, within a budget of tokens and of milliseconds."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characters import prompts
from characters.lore import Activation, Lorebook, Memory, scan
from characters.lore.book import lorebook_of
from characters.lore.decorators import parse
from characters.spec import CharacterSpec

NEW: dict[str, Any] = {
    "name": "",
    "keys": [],
    "content": "",
    "enabled": True,
    "constant": False,
    "selective": False,
    "secondary_keys": [],
    "case_sensitive": None,
    "whole_words": None,
    "use_regex": False,
    "insertion_order": 100.0,
    "priority": None,
    "position": "",
}


def book(
    *entries: dict[str, Any], depth: int | None = None, budget: int | None = None, recursive=None
) -> Lorebook:
    rules = {"lore_scan_depth": depth, "lore_token_budget": budget, "lore_recursive": recursive}
    return lorebook_of(
        rules, [{**NEW, "content": f"about {number}", **entry} for number, entry in enumerate(entries)]
    )


def fired(found: Activation) -> list[int]:
    return sorted(found.numbers)


def why(found: Activation, number: int = 0) -> str:
    return found.verdicts[number].why


@pytest.mark.parametrize(
    ("entry", "said", "expected"),
    [
        ({"keys": ["kraken"]}, "Tell me of the Kraken!", True),
        ({"keys": ["Kraken"], "case_sensitive": True}, "the kraken", False),
        ({"keys": ["Kraken"], "case_sensitive": True}, "the Kraken", True),
        ({"keys": ["ship"]}, "a shipment", True),
        ({"keys": ["ship"], "whole_words": True}, "a shipment", False),
        ({"keys": ["ship"], "whole_words": True}, "shipment, ship.", True),
        ({"keys": ["龙"], "whole_words": True}, "那条龙在哪里", True),
        ({"keys": ["STRASSE"]}, "die Straße", True),
        ({"keys": ["kraken"], "enabled": False}, "kraken", False),
        ({"constant": True}, "anything", True),
        ({"constant": True, "enabled": False}, "anything", False),
        ({"keys": ["a sea"], "selective": True, "secondary_keys": ["storm"]}, "a sea", False),
        ({"keys": ["a sea"], "selective": True, "secondary_keys": ["storm"]}, "a sea in storm", True),
        ({"keys": ["a sea"], "selective": False, "secondary_keys": ["storm"]}, "a sea", True),
        ({"keys": [r"kr[ae]ken\b"], "use_regex": True}, "the Kreken rises", True),
        ({"keys": [r"/kr[ae]ken/"], "use_regex": True}, "the KRAKEN", False),
        ({"keys": [r"/kr[ae]ken/i"], "use_regex": True}, "the KRAKEN", True),
        ({"keys": ["("], "use_regex": True}, "(", False),
        ({"keys": ["kraken"], "content": ""}, "kraken", False),
        ({"keys": ["{{user}}"]}, "I am Robin", True),
        ({"keys": [""]}, "x", False),
        ({"keys": ["kraken"], "content": "@@additional_keys sea, deep\nIt sleeps."}, "kraken", False),
        ({"keys": ["kraken"], "content": "@@additional_keys sea, deep\nIt sleeps."}, "deep kraken", True),
        ({"keys": ["kraken"], "content": "@@exclude_keys joke\nIt sleeps."}, "a kraken joke", False),
        ({"constant": True, "content": "@@exclude_keys joke\nIt sleeps."}, "a joke", False),
        ({"keys": ["x"], "content": "@@activate\nAlways."}, "nothing", True),
        ({"keys": ["x"], "content": "@@dont_activate\nNever."}, "x", False),
        ({"keys": ["x"], "content": "@@dont_activate\n@@activate\nAlways."}, "nothing", True),
        ({"keys": ["x"], "content": "@@is_greeting 1\nOther."}, "x", False),
        ({"keys": ["x"], "content": "@@is_greeting 0\nFirst."}, "x", True),
        ({"keys": ["no"], "use_regex": True, "content": "@@additional_keys y+es\nOr."}, "yyes", True),
    ],
)
def test_when_an_entry_is_called_for(entry, said, expected):
    found = scan(book(entry), [said], fill=lambda text: text.replace("{{user}}", "Robin"))
    assert bool(found.entries) is expected, why(found)
    assert found.verdicts[0].why


def test_only_the_last_messages_are_searched():
    talk = ["kraken", "one", "two"]
    assert not scan(book({"keys": ["kraken"]}, depth=2), talk).entries
    assert scan(book({"keys": ["kraken"]}, depth=3), talk).entries
    assert scan(book({"keys": ["kraken"], "content": "@@scan_depth 3\nx"}, depth=1), talk).entries
    assert not scan(book({"keys": ["kraken"]}, depth=0), ["kraken"]).entries


def test_replies_are_counted():
    after = book({"keys": ["x"], "content": "@@activate_only_after 3\nLate."})
    assert [bool(scan(after, ["x"], replies=count).entries) for count in range(5)] == [False] * 3 + [True] * 2
    every = book({"keys": ["x"], "content": "@@activate_only_every 2\nSeldom."})
    assert [bool(scan(every, ["x"], replies=count).entries) for count in range(4)] == [True, False] * 2


def test_what_was_called_for_before_can_stay_or_go():
    stays = book({"keys": ["x"], "content": "@@keep_activate_after_match\nOn."})
    goes = book({"keys": ["x"], "content": "@@dont_activate_after_match\nOnce."})
    called = Memory(called=frozenset({0}))
    assert stays.remembers
    assert not scan(stays, ["nothing"]).entries
    assert scan(stays, ["nothing"], memory=called).entries
    assert scan(goes, ["x"]).entries
    assert not scan(goes, ["x"], memory=called).entries


def test_entries_call_for_entries_only_where_the_book_says_so_and_not_for_ever():
    chain = [{"keys": [f"k{n}"], "content": f"k{n + 1}"} for n in range(12)]
    assert fired(scan(book(*chain), ["k0"])) == [0]
    assert fired(scan(book(*chain, recursive=True), ["k0"])) == [0, 1, 2, 3]
    circle = [{"keys": ["a"], "content": "b"}, {"keys": ["b"], "content": "a"}]
    assert fired(scan(book(*circle, recursive=True), ["a"])) == [0, 1]
    hidden = [
        {"keys": ["a"], "content": "{{hidden_key:kraken}}{{// ship}}"},
        {"keys": ["kraken"]},
        {"keys": ["ship"]},
    ]
    assert fired(scan(book(*hidden, recursive=True), ["a"])) == [0, 1]


def test_the_budget_keeps_what_has_priority_and_the_order_is_insertion():
    entries = [
        {"constant": True, "content": "x" * 36, "insertion_order": 3.0, "priority": 1.0},
        {"constant": True, "content": "y" * 36, "insertion_order": 2.0, "priority": 9.0},
        {"constant": True, "content": "z" * 36, "insertion_order": 1.0, "priority": 5.0},
    ]
    found = scan(book(*entries, budget=25), [])
    assert [entry.content[0] for entry in found.entries] == ["z", "y"]
    assert found.tokens <= 25
    assert "over the budget" in why(found, 0)


def test_a_pattern_that_would_take_for_ever_is_given_up():
    evil = book({"keys": [r"(a+)+$"], "use_regex": True}, {"keys": ["aaa"]})
    found = scan(evil, ["a" * 3000 + "!"], secs=1.0)
    assert fired(found) == [1]
    assert found.secs < 0.5


class Ticking:
    """A clock on which each look takes a millisecond."""

    def __init__(self) -> None:
        self.secs = 0.0

    def __call__(self) -> float:
        self.secs += 0.001
        return self.secs


def test_a_scan_that_has_had_its_time_stops_and_says_so():
    found = scan(book({"keys": ["a"]}, {"keys": ["a"]}), ["a"], clock=Ticking(), secs=0.0015)
    assert why(found, 0) == "“a” in the last 6 messages"
    assert why(found, 1) == "there was no time to look"


@pytest.mark.parametrize(
    "keys",
    [
        [f"key {number}" for number in range(190_000)],
        [f"key {{{{char}}}} {number}" for number in range(20_000)],
        ["x" * 50_000] * 1_000,
    ],
    ids=["many", "with macros", "long"],
)
def test_the_time_of_a_scan_holds_within_one_entry_too(keys):
    clock, filled = Ticking(), []

    def fill(key: str) -> str:
        filled.append(key)
        return key

    found = scan(book({"keys": keys}, {"keys": ["a"]}), ["a"], clock=clock, fill=fill)
    assert clock.secs < 0.03
    assert len(filled) < 30
    assert why(found, 1) == "there was no time to look"


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("|".join(f"word{number}" for number in range(30_000)) + "|a", False),
        ("a" * 999, False),
        ("b|" * 450 + "a", True),
        ("{{random:" + ",".join(f"b{number}" for number in range(80)) + "}}|a", False),
    ],
    ids=["too long to compile", "as long as it may be", "long", "made anew by macros"],
)
def test_a_pattern_that_would_take_long_to_compile_is_not_compiled(key, found):
    entries = book({"keys": [key], "use_regex": True})
    assert bool(fired(scan(entries, ["a"], fill=str))) is found


@pytest.mark.parametrize(
    ("content", "expected", "text"),
    [
        ("@@depth 4\n@@role user\n\nHello", {"depth": 4, "role": "user"}, "Hello"),
        ("@@depth four\nHello", {"depth": None, "ignored": ("depth",)}, "Hello"),
        ("@@depth 1\n@@depth 2\nHello", {"depth": 1}, "Hello"),
        ("@@unknown 4\n@@@activate\nHello", {"activate": True}, "Hello"),
        ("@@unknown\n@@@unknown_too\n@@@depth 2\n@@@depth 3\nHi", {"depth": 2}, "Hi"),
        ("@@depth 5\n@@@activate\nHi", {"depth": 5, "activate": False}, "Hi"),
        ("@@position personality\n@@depth 3\nHi", {"position": "personality", "depth": None}, "Hi"),
        ("@@position nowhere\n@@depth 3\nHi", {"position": "", "depth": 3}, "Hi"),
        ("@@depth 3\n@@reverse_depth 1\nHi", {"depth": 3, "reverse_depth": None}, "Hi"),
        ("@@instruct_depth 5\n@@@depth 2\nHi", {"depth": 2}, "Hi"),
        ("@@role villain\nHi", {"role": "system"}, "Hi"),
        ("@@disable_ui_prompt system_prompt\nHi", {"disable_ui_prompt": "system_prompt"}, "Hi"),
        ("@@depth 2\r\n@@activate\r\nHi", {"depth": 2, "activate": True}, "Hi"),
        ("first\n@@activate\nlast", {"activate": True}, "first\n\nlast"),
        ("an @@activate inside a line", {"activate": False}, "an @@activate inside a line"),
    ],
)
def test_decorators(content, expected, text):
    decorators, left = parse(content)
    assert {name: getattr(decorators, name) for name in expected} == expected
    assert left == text


@given(st.text(alphabet="@\n abdepth_1,", max_size=120))
@settings(max_examples=200)
def test_no_content_breaks_the_decorators(content):
    _, left = parse(content)
    assert not any(line.startswith("@@depth 1\n") for line in left.splitlines())


def spec(*entries: dict[str, Any], **fields: Any) -> CharacterSpec:
    persona = {"description": "DESC", "personality": "PERS", "scenario": "SCEN", "system_prompt": "SYS"}
    return CharacterSpec(slug="m", name="Marlow", book=book(*entries), **{**persona, **fields})


def test_entries_come_into_the_prompt_where_they_ask_to():
    marlow = spec(
        {"constant": True, "content": "AFTER", "position": "after_char"},
        {"constant": True, "content": "BEFORE"},
        {"constant": True, "content": "@@position before_desc\nBEFORE_DESC"},
        {"constant": True, "content": "@@position after_desc\nAFTER_DESC"},
        {"constant": True, "content": "@@position personality\nIN_PERS of {{char}}"},
        {"constant": True, "content": "@@position scenario\nIN_SCEN"},
        {"constant": True, "content": "@@depth 1\nAT_ONE"},
        {"constant": True, "content": "@@depth 0\n@@role assistant\nAT_END"},
        {"constant": True, "content": "@@depth 99\n@@role user\nAT_START"},
    )
    talk: list[prompts.Message] = [
        {"role": role, "content": words} for role, words in (("user", "a"), ("assistant", "b"), ("user", "c"))
    ]
    prompt = prompts.render(marlow, {}, talk, lore=prompts.activate(marlow, {}, talk))
    assert prompt.instructions.split("\n")[:-1] == (
        "SYS BEFORE BEFORE_DESC DESC AFTER_DESC PERS IN_PERS_of_Marlow SCEN IN_SCEN AFTER".replace(" ", "\n")
        .replace("_of_", " of ")
        .split("\n")
    )
    assert [message["content"] for message in prompt.messages] == [
        "AT_START",
        "a",
        "b",
        "AT_ONE",
        "c",
        "AT_END",
    ]
    assert [message["role"] for message in prompt.messages][::5] == ["user", "assistant"]


def test_what_may_go_first_goes_first_when_there_is_no_room():
    marlow = spec(
        {"constant": True, "content": "@@ignore_on_max_context\n" + "often " * 40, "priority": 99.0},
        {"constant": True, "content": "kept " * 40, "priority": 1.0},
        system_prompt="SYS",
    )
    lore = prompts.activate(marlow, {}, [])
    whole = prompts.render(marlow, {}, lore=lore)
    tight = prompts.render(marlow, {}, lore=lore, limit=whole.tokens + prompts.REPLY_TOKENS - 1)
    assert "often" not in tight.instructions
    assert "kept" in tight.instructions


def test_an_entry_can_silence_the_last_word():
    marlow = spec(
        {"keys": ["quiet"], "content": "@@disable_ui_prompt post_history_instructions\nx"},
        post_history="LAST",
    )
    said: list[prompts.Message] = [{"role": "user", "content": "quiet"}]
    with_it = prompts.render(marlow, {}, said, lore=prompts.activate(marlow, {}, said))
    assert "LAST" not in str(with_it.messages)
    assert "LAST" in str(prompts.render(marlow, {}, said).messages)
