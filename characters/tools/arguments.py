"""Arguments of a tool: what a model may give it, as JSON Schema for the model and as a check."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

TYPES = {
    "string": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("yes or no"),
    "json": _("list or object"),
}
JSON_TYPE = "json"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ARGUMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")  # as Anthropic's API takes them, the narrowest
MOST_ARGUMENTS = 24
SHAPE_CHARACTERS = 2_000
MOST_CHOICES = 40
DESCRIPTION_CHARACTERS = 300
VALUE_CHARACTERS = 2_000  # of one text that a model gives


class ArgumentsRefused(ValueError):
    """What a model gave is not what the tool takes. The message is for the model, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. With `choices` it is one of these texts; `shape` is a list's or object's JSON Schema."""

    name: str
    type: str = "string"
    description: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    shape: Mapping[str, Any] = field(default_factory=dict)

    def schema(self) -> dict[str, Any]:
        return {
            **(self.shape if self.type == JSON_TYPE else {"type": self.type}),
            **({"description": self.description} if self.description else {}),
            **({"enum": list(self.choices)} if self.choices else {}),
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "description": self.description,
            "required": self.required,
            "choices": list(self.choices),
            **({"shape": dict(self.shape)} if self.shape else {}),
        }


def is_name(name: str) -> bool:
    """Whether an argument may be called so."""
    return ARGUMENT_NAME.fullmatch(name) is not None


def json_schema(arguments: Sequence[Argument]) -> dict[str, Any]:
    """The JSON Schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": {each.name: each.schema() for each in arguments},
        "required": [each.name for each in arguments if each.required],
        "additionalProperties": False,
    }


def checked(arguments: Sequence[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a tool gets of what a model gave: of the right types, nothing else. Raises ArgumentsRefused.

    Models write numbers as texts, and null for what they leave out; both are taken.
    """
    taken = {}
    for each in arguments:
        value = given.get(each.name)
        if value is None or (value == "" and not each.required):
            if each.required:
                raise ArgumentsRefused(f"The argument {each.name} is missing.")
            continue
        taken[each.name] = _value(each, value)
    return taken


def _value(argument: Argument, value: Any) -> Any:
    refused = ArgumentsRefused(f"The argument {argument.name} is no {argument.type}.")
    if argument.type == "boolean":
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise refused
        return value
    if argument.type in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise refused
        try:
            number = float(value)
        except (ValueError, OverflowError) as error:
            raise refused from error
        if not math.isfinite(number) or (argument.type == "integer" and not number.is_integer()):
            raise refused
        return int(number) if argument.type == "integer" else number
    if argument.type == JSON_TYPE:
        return _json_value(argument, value, refused)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > VALUE_CHARACTERS:
        raise ArgumentsRefused(f"The argument {argument.name} is too long.")
    if argument.choices and text not in argument.choices:
        raise ArgumentsRefused(f"The argument {argument.name} is one of {', '.join(argument.choices)}.")
    return text


def _json_value(argument: Argument, value: Any, refused: ArgumentsRefused) -> Any:
    """A list, an object or what else the argument's own schema allows; models write these as texts, too."""
    if isinstance(value, str) and argument.shape.get("type") in ("array", "object", None):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            if "type" in argument.shape:
                raise refused from error
    if len(json.dumps(value, ensure_ascii=False, default=str)) > VALUE_CHARACTERS:
        raise ArgumentsRefused(f"The argument {argument.name} is too long.")
    return value
