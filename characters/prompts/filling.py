"""Filling: what macros stand for in a character's prompt, at one moment of its conversation."""

from collections.abc import Mapping
from typing import Any

from characters.spec import CharacterSpec
from characters.text import Macros, Moment

FIELDS: Mapping[str, str] = {  # macros of SillyTavern, and the field of the character that each stands for
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "mesexamples": "examples",
    "mesexamplesraw": "examples",
    "charprompt": "system_prompt",
    "charinstruction": "post_history",
    "charjailbreak": "post_history",
    "chardepthprompt": "depth_prompt",
    "charfirstmessage": "greeting",
    "char_version": "creator_version",
    "charversion": "creator_version",
}


def macros_of(
    spec: CharacterSpec,
    metadata: Mapping[str, Any],
    *,
    seed: str = "",
    turn: int = 0,
    moment: Moment | None = None,
) -> Macros:
    """The macros of a character; those of `moment` if it is given.

    A visitor who has not said their name this time has the one that is remembered.
    """
    moment = moment or Moment(model=spec.llm_model or spec.llm_provider)
    if not metadata.get("name") and (name := moment.remembered("name")):
        metadata = {**metadata, "name": name}
    return Macros(
        char=spec.spoken_name,
        metadata=metadata,
        seed=seed,
        turn=turn,
        language=spec.language,
        fields={macro: getattr(spec, name) for macro, name in FIELDS.items()},
        moment=moment,
    )
