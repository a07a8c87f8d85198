"""Quoting: what a visitor has given (a name, metadata) as data within a prompt."""

import json
import re
from collections.abc import Mapping
from typing import Any

# Stand for what divides a macro's arguments, within what a visitor gave: Unicode has no such characters.
_MARKED = str.maketrans({",": "\ufdd0", ":": "\ufdd1"})
_UNMARKED = str.maketrans({"\ufdd0": ",", "\ufdd1": ":"})
VALUE_LIMIT = 200  # characters of one metadata value that may enter a prompt


def quoted(value: Any, most: int = VALUE_LIMIT) -> str:
    """A visitor's value as data inside a prompt: one line, bounded, unable to pose as instructions.

    Text comes back as a JSON string whose braces, angle brackets and line breaks are gone, so that it
    neither closes its quotes, nor opens a macro, nor looks like a message of a chat template.
    """
    return json.dumps(unquoted(value, most), ensure_ascii=False)


def unquoted(value: Any, most: int = VALUE_LIMIT) -> str:
    """The same without quotes, for what is looked for in a conversation and never told to a model."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return " ".join(re.sub(r"[{}<>\[\]|`#*\x00-\x1f\x7f\u2028\u2029]", " ", text).split())[:most]


def marked(text: str) -> str:
    """A visitor's words, so that a macro around them takes none of them for its arguments."""
    return text.translate(_MARKED)


def unmarked(text: str) -> str:
    """The same as they were given."""
    return text.translate(_UNMARKED) if "\ufdd0" in text or "\ufdd1" in text else text


def lookup(metadata: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of the metadata, None where there is none."""
    value: Any = metadata
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
