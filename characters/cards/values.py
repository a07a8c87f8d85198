"""Value coercion of cards: strings, lists and numbers, whatever type they came in.

Each reader gives the value and whether it had to be mended; None stands for "not there".
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from characters.report import Report
from characters.text import cleaned, cleaned_json, finite, unreadable
from characters.tools import MOST_TOOLS, ToolSpec


def text(value: Any) -> str:
    """A string that the database takes; lists become lines, what is no text at all becomes ''."""
    if isinstance(value, bool) or value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, map(text, value)))
    return cleaned(str(value).replace("\r\n", "\n"))


def line(most: int) -> Any:
    """A reader of one line of at most so many characters."""

    def read(value: Any) -> str:
        return " ".join(text(value).split())[:most].strip()

    return read


def texts(value: Any) -> list[str]:
    """A list of strings; a single string counts as one, separated by commas."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return []
    return [item for item in (text(item).strip() for item in value) if item]


def whole_texts(value: Any) -> list[str]:
    """A list of strings that may have commas in them."""
    return texts([value] if isinstance(value, str) else value)


def codes(known: Collection[str]) -> Any:
    """A reader of a list of these codes, each once; None if another is among them."""

    def read(value: Any) -> list[str] | None:
        found = list(dict.fromkeys(texts(value)))
        return found if set(found) <= set(known) and isinstance(value, (list, str)) else None

    return read


def voices(known: Collection[str]) -> Any:
    """A reader of an object with the name of a voice for each of some languages; None for anything else."""

    def read(value: Any) -> dict[str, str] | None:
        if not isinstance(value, dict) or not set(value) <= set(known):
            return None
        found = {code: line(80)(voice) for code, voice in value.items()}
        return {code: voice for code, voice in found.items() if voice}

    return read


def lines(most: int, left_out: Callable[[str], object] = lambda _line: False) -> Any:
    """A reader of whole lines of at most so many characters together, without those that are left out."""

    def read(value: Any) -> str:
        found = [one.strip() for one in text(value).split("\n")]
        kept = "\n".join(one for one in found if one and not left_out(one))
        return kept if len(kept) <= most else kept[:most].rpartition("\n")[0]

    return read


def pronunciations(most: int) -> Any:
    """A reader of a pronunciation dictionary of at most so many characters, without lines of no meaning."""
    return lines(most, unreadable)


def number(value: Any) -> float | None:
    """A finite number that is not out of all reason."""
    found = finite(value)
    return found if found is not None and abs(found) < 1e15 else None


def whole(most: int) -> Any:
    """A reader of a whole number that is not negative; a larger one counts as `most`."""

    def read(value: Any) -> int | None:
        found = number(value)
        return min(int(found), most) if found is not None and found >= 0 else None

    return read


def flag(value: Any) -> bool | None:
    """A truth value, also if it came as a word or a number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            value.strip().lower()
        )
    return bool(value) if isinstance(value, (int, float)) else None


def plain(value: float | None) -> float | int | None:
    """A number as JSON writes it: 100, not 100.0."""
    return int(value) if value is not None and float(value).is_integer() else value


def as_written(value: Any, kind: type) -> bool:
    """Whether a value is of its kind, or written so that all of it is taken: a number, a list as one text."""
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return isinstance(value, kind) or (plain and (kind is str or isinstance(value, str)))


def wrong_kind(title: str, kind: type) -> str:
    """A sentence on a field that is written as nothing that it can be."""
    said = (
        _("%(field)s: it is no list in the file; what could be read of it was taken.")
        if kind is list
        else _("%(field)s: it is no text in the file; what could be read of it was taken.")
    )
    return said % {"field": title}


def entries_of(given: Any, report: Report) -> list[dict[str, Any]]:
    """The entries in a list or in an object that numbers them; what is none, or odd, is said."""
    listed = list(given.values()) if isinstance(given, dict) else given  # as world info files number them
    if not isinstance(listed, list):
        if given is not None:
            report.leave_out(_("The lorebook's entries could not be read."))
        return []
    entries = [entry for entry in listed if isinstance(entry, dict)]
    if gone := len(listed) - len(entries):
        report.leave_out(
            ngettext(
                "%(count)d entry of lore could not be read.",
                "%(count)d entries of lore could not be read.",
                gone,
            )
            % {"count": gone}
        )
    if odd := sum(map(_is_odd, entries)):
        report.leave_out(
            ngettext(
                "%(count)d entry of lore has words or keys that are no text; what could be read is there.",
                "%(count)d entries of lore have words or keys that are no text; what could be read is there.",
                odd,
            )
            % {"count": odd}
        )
    return entries


def _is_odd(entry: Mapping[str, Any]) -> bool:
    """Whether something of an entry's words or keys was lost because it is no text."""
    keys = entry.get("keys", entry.get("key"))
    each = keys if isinstance(keys, list) else [keys]
    return isinstance(entry.get("content"), (dict, bool)) or any(isinstance(k, (dict, bool)) for k in each)


def tools(given: Any, report: Report) -> list[dict[str, Any]]:
    """What can be read of a card's tools. Whoever made the card may have others in mind: none is in use."""
    listed = given if isinstance(given, list) else [given]
    found: dict[str, dict[str, Any]] = {}
    for one in listed[:MOST_TOOLS]:
        with suppress(ValidationError, TypeError):
            tool = replace(ToolSpec.of(one), enabled=False)
            found.setdefault(tool.name, cleaned_json(tool.as_json()))
    if gone := len(listed) - len(found):
        sentence = ngettext("%(count)d tool could not be read.", "%(count)d tools could not be read.", gone)
        report.leave_out(sentence % {"count": gone})
    if found:
        sentence = ngettext(
            "%(count)d tool came with it and is not in use: look at what it does before switching it on.",
            "%(count)d tools came with it and are not in use: look at what they do before switching them on.",
            len(found),
        )
        report.keep(sentence % {"count": len(found)})
    return list(found.values())


def within(model_field: Any, value: Any) -> Any:
    """A number held within the limits of its field."""
    if isinstance(value, (str, list, dict)):
        return value
    for validator in model_field.validators:
        code, limit = getattr(validator, "code", ""), getattr(validator, "limit_value", None)
        if code == "min_value" and limit is not None:
            value = max(limit, value)
        if code == "max_value" and limit is not None:
            value = min(limit, value)
    return model_field.to_python(value)
