"""Lorebooks of SillyTavern with the outcome that they have there, as one table.

`tests/characters/cases/lore_scenarios.json` has what its own code has answered; `lore_of_ours.json` beside it
has more of the same kinds, answered from its documentation and source.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from characters import prompts
from characters.cards import mapping
from characters.lore import Memory, lorebook_of
from characters.spec import CharacterSpec

CASES = Path(__file__).parent / "cases"
SCENARIOS: list[dict[str, Any]] = [
    scenario
    for name in ("lore_scenarios", "lore_of_ours")
    for scenario in json.loads((CASES / f"{name}.json").read_text())
]
ROLES = ("system", "user", "assistant")


def spec_of(book: dict[str, Any]) -> CharacterSpec:
    """Marlow with this book, as an import takes it."""
    card = {"spec": "chara_card_v3", "data": {"name": "Marlow", "character_book": book}}
    fields = mapping.take(card).fields
    return CharacterSpec(slug="m", name="Marlow", book=lorebook_of(fields, fields["lore"]))


def outcome(spec: CharacterSpec, chat: list[str], memory: Memory, seed: str = "") -> tuple[dict, Memory]:
    """What SillyTavern's harness tells of a scan, and the memory that it leaves."""
    talk: list[prompts.Message] = [
        {"role": "user" if number % 2 == 0 else "assistant", "content": words}
        for number, words in enumerate(reversed(chat))
    ][::-1]
    found = prompts.activate(spec, {"name": "Robin"}, talk, memory=memory, seed=seed)
    ids = [json_id for json_id, verdict in enumerate(found.verdicts) if verdict.fired]
    at_depth: dict[tuple[int, str], list[str]] = {}
    for entry in found.entries:
        if not entry.place:
            at_depth.setdefault((entry.depth(len(chat)) or 0, entry.role), []).append(entry.content)
    return {
        "on": ids,
        **{
            name: "\n".join(entry.content for entry in found.entries if entry.place == place)
            for name, place in (("before", "before_char"), ("after", "after_char"))
        },
        "depth": [
            {"depth": depth, "role": ROLES.index(role), "entries": entries}
            for (depth, role), entries in at_depth.items()
        ],
    }, found.memory


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["name"] for scenario in SCENARIOS])
def test_a_scenario_has_the_outcome_that_it_has_in_sillytavern(scenario):
    spec, memory = spec_of(scenario["book"]), Memory()
    for chat, expected in zip(scenario["chats"], scenario["expected"], strict=True):
        told, memory = outcome(spec, chat, memory)
        assert told == {
            **expected,
            **{place: expected[place].rstrip() for place in ("before", "after")},
        }
