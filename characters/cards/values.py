"""Value coercion of cards: strings, lists and numbers, whatever type they came in.

Each reader gives the value and whether it had to be mended; None stands for "not there".
"""

from typing import Any

from characters.text import cleaned, finite


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


def number(value: Any) -> float | None:
    """A finite number that is not out of all reason."""
    found = finite(value)
    return found if found is not None and abs(found) < 1e15 else None


def whole(value: Any) -> int | None:
    """A whole number that is not negative and fits a database column."""
    found = number(value)
    return int(found) if found is not None and 0 <= found <= 32_000 else None


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
