"""Characters of other applications, recognised by what they hold, as the data of a card.

What is understood moves into the card's own fields; what is left of the original is kept under `extensions`
by the application's name, so that nothing stands in the card twice. How somebody else's models and services
are set (keys among it) is left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from characters.cards import lorebooks, values
from characters.cards.others import backyard

Json = dict[str, Any]
TEXTS = (  # by any of which a flat JSON with a name is a card of V1
    *(
        "description",
        "personality",
        "scenario",
        "first_mes",
        "mes_example",
        "creatorcomment",
        "system_prompt",
    ),
    *("char_persona", "char_greeting", "world_scenario", "example_dialogue", "alternate_greetings"),
)


class Found(NamedTuple):
    """A character of another application: whose it is, a card's data, what was left out."""

    application: str
    data: Json
    left_out: tuple[str, ...] = ()


def _text(given: Json, *names: str) -> str:
    """The first of these that says something, taken out of `given` with the others."""
    found = [values.text(given.pop(name, None)) for name in names]
    return next((text for text in found if text.strip()), "")


def _all(given: Json, *names: str) -> str:
    """What all of these say, taken out of `given`."""
    return "\n".join(text for text in (values.text(given.pop(name, None)) for name in names) if text.strip())


def _webui(given: Json) -> Found:
    """text-generation-webui, YAML or JSON; CharacterAI's, which has a description and a definition."""
    rest = dict(given)
    data: Json = {
        "name": _text(rest, "name", "bot"),
        "description": _all(rest, "context", "description"),
        "scenario": _text(rest, "scenario"),
        "personality": _text(rest, "personality"),
        "first_mes": _text(rest, "greeting"),
        "mes_example": _all(rest, "example_dialogue", "definition"),
    }
    return Found("text-generation-webui", _with_rest(data, "text-generation-webui", rest))


def _agnai_persona(given: Any) -> str:
    """The persona as text, whatever kind it is of."""
    if not isinstance(given, dict):
        return values.text(given)
    attributes = given.get("attributes")
    if not isinstance(attributes, dict):
        return ""
    lines = {
        name: ", ".join(values.texts([value] if isinstance(value, str) else value))
        for name, value in attributes.items()
    }
    if set(lines) == {"text"}:
        return values.text(attributes["text"])
    return "\n".join(f"{name}: {line}" for name, line in lines.items() if line)


def _agnai(given: Json) -> Found:
    rest = dict(given)
    rest.pop("kind", None)
    avatar = rest.pop("avatar", None)
    persona, looks = _agnai_persona(rest.pop("persona", None)), _text(rest, "appearance")
    data: Json = {
        "name": _text(rest, "name"),
        "description": "\n".join(filter(None, (persona, looks))),
        "creator_notes": _text(rest, "description"),
        "scenario": _text(rest, "scenario"),
        "first_mes": _text(rest, "greeting"),
        "mes_example": _text(rest, "sampleChat"),
        "system_prompt": _text(rest, "systemPrompt"),
        "post_history_instructions": _text(rest, "postHistoryInstructions"),
        "creator": _text(rest, "creator"),
        "character_version": _text(rest, "characterVersion"),
        "tags": values.texts(rest.pop("tags", None)),
        "alternate_greetings": values.whole_texts(rest.pop("alternateGreetings", None)),
    }
    book = rest.pop("characterBook", None)
    if isinstance(book, dict):
        data["character_book"] = lorebooks.as_card_book(book)
    given_extensions = rest.pop("extensions", None)
    if isinstance(given_extensions, dict):
        data["extensions"] = given_extensions
    if isinstance(avatar, str) and avatar.startswith("data:image/"):
        kind = avatar[len("data:image/") :].partition(";")[0][:10]
        data["assets"] = [{"type": "icon", "uri": avatar, "name": "main", "ext": kind}]
    return Found("Agnai", _with_rest(data, "agnai", rest))


VTUBER_OWN = ("conf_uid", "conf_name", "live2d_model_name", "human_name", "avatar")


def _vtuber(given: Json) -> Found:
    """Open-LLM-VTuber. The rest of its configuration says how models run, and may hold keys."""
    config = {str(name).lower(): value for name, value in given.get("character_config", given).items()}
    data: Json = {
        "name": values.text(config.get("character_name")) or values.text(config.get("conf_name")),
        "system_prompt": _text(config, "persona_prompt", "default_persona_prompt_in_yaml"),
    }
    own = {name: config[name] for name in VTUBER_OWN if config.get(name)}
    others = tuple(
        sorted(str(n) for n in config if n not in (*VTUBER_OWN, "character_name", "persona_choice"))
    )
    return Found("Open-LLM-VTuber", _with_rest(data, "open-llm-vtuber", own), others)


def _backyard(given: Json) -> Found:
    data, rest = backyard.card(given)
    return Found("Backyard", _with_rest(data, "backyard", rest))


def _eliza_examples(given: Any, name: str) -> str:
    blocks = []
    for exchange in given if isinstance(given, list) else []:
        lines = []
        for line in exchange if isinstance(exchange, list) else []:
            if not isinstance(line, dict):
                continue
            who = values.text(line.get("name") or line.get("user"))
            content = line.get("content")
            text = values.text(content.get("text") if isinstance(content, dict) else content)
            speaker = "{{char}}" if who.casefold() == name.casefold() else "{{user}}"
            lines.append(f"{speaker}: {text}")
        blocks.append("<START>\n" + "\n".join(lines))
    return "\n".join(blocks)


ELIZA_SETTINGS = ("settings", "secrets", "clients", "plugins", "modelProvider")


def _eliza(given: Json) -> Found:
    rest = dict(given)
    name = _text(rest, "name")
    adjectives = ", ".join(values.texts(rest.pop("adjectives", None)))
    style = rest.pop("style", None)
    manner = values.text([*style.get("all", []), *style.get("chat", [])]) if _lists(style) else ""
    topics = ", ".join(values.texts(rest.pop("topics", None)))
    data: Json = {
        "name": name,
        "system_prompt": _text(rest, "system"),
        "description": "\n".join(filter(None, (_text(rest, "bio"), _text(rest, "lore"), topics))),
        "personality": "\n".join(filter(None, (adjectives, manner))),
        "mes_example": _eliza_examples(rest.pop("messageExamples", None), name),
    }
    left_out = [
        name
        for name in ("settings", "secrets", "clients", "plugins", "modelProvider")
        if rest.pop(name, None)
    ]
    return Found("ElizaOS", _with_rest(data, "eliza", rest), tuple(left_out))


def _lists(style: Any) -> bool:
    return isinstance(style, dict) and all(isinstance(style.get(name, []), list) for name in ("all", "chat"))


def _with_rest(data: Json, application: str, rest: Json) -> Json:
    """A card's data; what its application has besides is kept under its name."""
    kept = {name: value for name, value in rest.items() if value not in (None, "", [], {})}
    if kept:
        data["extensions"] = {**data.get("extensions", {}), application: kept}
    return {name: value for name, value in data.items() if value is not None}


def _is_agnai(given: Mapping[str, Any]) -> bool:
    return given.get("kind") == "character" or (
        "kind" not in given
        and "name" in given
        and ("sampleChat" in given or isinstance(given.get("persona"), dict))
    )


def _is_webui(given: Mapping[str, Any]) -> bool:
    named = "name" in given or "bot" in given
    texts = [name for name in ("context", "greeting") if isinstance(given.get(name), str)]
    others = {"first_mes", "char_greeting", "turn_template", "kind"} & given.keys()
    return named and bool(texts) and not others


def _is_vtuber(given: Mapping[str, Any]) -> bool:
    config = given.get("character_config", given)
    if not isinstance(config, dict):
        return False
    names = {str(name).lower() for name in config}
    return bool(names & {"persona_prompt", "default_persona_prompt_in_yaml"})


def _is_eliza(given: Mapping[str, Any]) -> bool:
    return (
        "name" in given
        and "bio" in given
        and bool({"messageExamples", "style", "lore", "system"} & given.keys())
    )


APPLICATIONS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Json], Found]], ...] = (
    (backyard.is_card, _backyard),
    (_is_vtuber, _vtuber),
    (_is_eliza, _eliza),
    (_is_agnai, _agnai),
    (_is_webui, _webui),
)


def as_card(given: Json) -> Found | None:
    """The character of another application in a file's JSON or YAML, None if it is none that is known."""
    if "spec" in given or isinstance(given.get("data"), dict):
        return None
    return next((read(given) for is_one, read in APPLICATIONS if is_one(given)), None)


# Names that nothing but a card has. Their authors add others (`version`, `jobs`, `messages`) as they like.
CARDS_OWN = ("first_mes", "mes_example", "char_persona", "char_greeting", "world_scenario", "first_message")


def is_surely_a_card(given: Mapping[str, Any]) -> bool:
    """Whether a JSON has what nothing but a character card has, whatever else is in it."""
    data = given.get("data")
    flat = data if isinstance(data, dict) else given
    return any(isinstance(flat.get(name), str) and flat[name].strip() for name in CARDS_OWN)


def is_first_version(given: Mapping[str, Any]) -> bool:
    """Whether a flat JSON has what a card of V1 has, and not a name alone."""
    return any(isinstance(given.get(name), (str, list)) and given[name] for name in TEXTS)
