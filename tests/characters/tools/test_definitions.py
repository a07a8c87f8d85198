"""What an editor may say of a tool, and what a model may give it."""

import pytest

from characters.spec import CharacterSpec
from characters.tools import Argument, ArgumentsRefused, ToolRefused, ToolSpec, checked, json_schema, tools_of

PLACE = Argument("place", description="A town.")
DAYS = Argument("days", "integer", required=False)
UNIT = Argument("unit", choices=("metric", "imperial"), required=False)


def test_arguments_are_json_schema():
    schema = json_schema([PLACE, DAYS, UNIT])
    assert schema["required"] == ["place"]
    assert schema["properties"]["place"] == {"type": "string", "description": "A town."}
    assert schema["properties"]["unit"]["enum"] == ["metric", "imperial"]
    assert schema["additionalProperties"] is False


def test_what_a_model_gives_is_taken_as_it_was_meant():
    given = {"place": "Oslo", "days": "3", "unit": None, "more": "nobody asked"}
    assert checked([PLACE, DAYS, UNIT], given) == {"place": "Oslo", "days": 3}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"place": None},
        {"place": "x" * 3000},
        {"place": "Oslo", "days": "many"},
        {"place": "Oslo", "days": 1.5},
        {"place": "Oslo", "days": float("inf")},
        {"place": "Oslo", "days": True},
        {"place": "Oslo", "unit": "furlongs"},
    ],
)
def test_what_a_tool_cannot_take_is_refused_without_quoting_it(given):
    with pytest.raises(ArgumentsRefused) as refused:
        checked([PLACE, DAYS, UNIT], given)
    assert "many" not in str(refused.value)


def test_a_tool_comes_back_from_a_version_as_it_was():
    tool = ToolSpec("weather", "webhook", arguments=(PLACE, UNIT), keys=("rain",), options={"hook": "met"})
    assert tools_of([tool.as_json()]) == (tool,)


@pytest.mark.parametrize(
    "wrong",
    [
        "weather",
        {"name": "Weather!", "kind": "clock"},
        {"name": "weather", "kind": ""},
        {"name": "weather", "kind": "clock", "timeout_secs": 600},
        {"name": "weather", "kind": "clock", "timeout_secs": True},
        {"name": "weather", "kind": "clock", "per_turn": 0},
        {"name": "weather", "kind": "clock", "audience": "nobody"},
        {"name": "weather", "kind": "clock", "description": "x" * 501},
        {"name": "weather", "kind": "clock", "arguments": [{"name": "a", "type": "object"}]},
        {"name": "weather", "kind": "clock", "arguments": [{"name": "a"}, {"name": "a"}]},
        {"name": "weather", "kind": "clock", "options": [1]},
    ],
)
def test_what_is_no_tool_is_refused(wrong):
    with pytest.raises(ToolRefused):
        tools_of([wrong])


def test_no_two_tools_have_one_name():
    with pytest.raises(ToolRefused):
        tools_of([{"name": "dice", "kind": "dice"}, {"name": "dice", "kind": "clock"}])


@pytest.mark.django_db
def test_versions_keep_tools_and_old_ones_have_none():
    from characters import catalog, content
    from characters.models import CharacterVersion
    from tests.characters.factory import make_character

    plain = make_character(slug="plain", name="Plain")
    assert "tools" not in content.of(plain)
    made = make_character(tools=[{"name": "dice", "kind": "dice"}])
    spec = catalog.get("marlow")
    assert [tool.name for tool in spec.tools] == ["dice"]
    made.tools = []
    made.save()
    content.put_back(made, CharacterVersion.objects.get(character=made).content)
    assert made.tools == [{"name": "dice", "kind": "dice"}]
    assert isinstance(spec, CharacterSpec)
