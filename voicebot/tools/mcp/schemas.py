"""Schemas: the arguments of a server's tool, from its JSON Schema to what a character's tool keeps.

What is kept is a copy: a server that describes its tool in other words tomorrow says nothing to a model
before a writer has saved the tool again.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from characters.tools import JSON_TYPE, SHAPE_CHARACTERS, Argument, ToolRefused

SIMPLE = ("string", "integer", "number", "boolean")
DEEPEST = 8
MOST_PARTS = 2_000  # of an argument's schema, with its references written out: one may refer to itself
MOST_DESCRIPTION = 300
MOST_CHOICES = 40


def arguments_of(schema: Mapping[str, Any], *, without: frozenset[str] = frozenset()) -> tuple[Argument, ...]:
    """The arguments that a model is to give, those that it needs first."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return ()
    needed = schema.get("required")
    required = set(needed) if isinstance(needed, list) else set()
    found = [
        _argument(str(name), _plain(each, schema, iter(range(MOST_PARTS))), required=name in required)
        for name, each in properties.items()
        if name not in without
    ]
    return tuple(sorted(found, key=lambda argument: not argument.required))


def _argument(name: str, schema: Mapping[str, Any], *, required: bool) -> Argument:
    description = " ".join(str(schema.get("description") or schema.get("title") or "").split())[
        :MOST_DESCRIPTION
    ]
    kind = schema.get("type")
    choices = schema.get("enum")
    if kind == "string" and isinstance(choices, list) and 0 < len(choices) <= MOST_CHOICES:
        return Argument(name, "string", description, required, tuple(str(each) for each in choices))
    if kind in SIMPLE and not isinstance(choices, list):
        return Argument(name, str(kind), description, required)
    shape = {key: value for key, value in schema.items() if key not in ("description", "title", "default")}
    if len(json.dumps(shape)) > SHAPE_CHARACTERS:
        shape = {"type": kind} if isinstance(kind, str) else {}
    return Argument(name, JSON_TYPE, description, required, shape=shape)


def _plain(schema: Any, root: Mapping[str, Any], parts: Iterator[int], depth: int = 0) -> dict[str, Any]:
    """Without references, and without the null of what may be left out; as far as there are `parts` left."""
    if not isinstance(schema, Mapping) or depth > DEEPEST or next(parts, None) is None:
        return {}
    here = dict(schema)
    reference = here.pop("$ref", None)
    if isinstance(reference, str):
        here = {**_plain(_at(reference, root), root, parts, depth + 1), **here}
    for name in ("anyOf", "oneOf"):
        ways = here.get(name)
        if isinstance(ways, list):
            left = [_plain(way, root, parts, depth + 1) for way in ways if _is_something(way)]
            del here[name]
            here = {**left[0], **here} if len(left) == 1 else {**here, name: left}
    if isinstance(here.get("properties"), Mapping):
        here["properties"] = {
            name: _plain(each, root, parts, depth + 1) for name, each in here["properties"].items()
        }
    if isinstance(here.get("items"), Mapping):
        here["items"] = _plain(here["items"], root, parts, depth + 1)
    return {name: value for name, value in here.items() if name not in ("$defs", "definitions", "$schema")}


def _is_something(way: Any) -> bool:
    return not (isinstance(way, Mapping) and way.get("type") == "null")


def _at(reference: str, root: Mapping[str, Any]) -> Any:
    """What a reference within the schema leads to: `#/$defs/Place`."""
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def fixed_by_writer(text: str) -> dict[str, Any]:
    """What a writer has fixed: a line for each argument, its name, a colon and the value, as JSON or text.

    Raises ToolRefused.
    """
    found = {}
    for line in text.splitlines():
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not colon or not name:
            raise ToolRefused(_("Fixed arguments are lines such as “place: Oslo”."))
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found


def as_lines(fixed: Mapping[str, Any]) -> str:
    """The same as text again, every value as JSON: what was text stays text."""
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fixed.items())


def in_type(argument: Argument, value: Any) -> Any:
    """A value that was typed, in the type of its argument where it can be."""
    if argument.type == "string" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value
