"""JSON parsing of cards: bounded in size, depth and number of values."""

import json
from typing import Any

from characters.cards import card_limits
from characters.exceptions import CardRefused


def _refuse_constant(name: str) -> Any:
    raise CardRefused(f"The card's JSON holds {name}, which JSON has not.")


def check_shape(value: Any) -> None:
    """Raises CardRefused if `value` is nested too deeply or holds too many values."""
    level, depth, seen = [value], 0, 0
    while level:
        depth += 1
        seen += len(level)
        if depth > card_limits.JSON_DEPTH:
            raise CardRefused(f"The card is nested more than {card_limits.JSON_DEPTH} levels deep.")
        if seen > card_limits.JSON_ITEMS:
            raise CardRefused("The card holds too many values.")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            if seen + len(below) > card_limits.JSON_ITEMS:  # before a list that is in it many times has grown
                raise CardRefused("The card holds too many values.")
        level = below


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in `data` (UTF-8, with or without a byte order mark). Raises CardRefused."""
    value = parse_any(data)
    if not isinstance(value, dict):
        raise CardRefused("The card's JSON is no object.")
    return value


def parse_any(data: bytes) -> Any:
    """The JSON in `data`, whatever it is. Raises CardRefused."""
    if len(data) > card_limits.JSON_BYTES:
        raise CardRefused(f"The card's text is larger than {card_limits.JSON_BYTES // 1024 // 1024} MB.")
    try:
        text = data.decode("utf-8-sig", "surrogatepass")
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise CardRefused(f"The card is nested more than {card_limits.JSON_DEPTH} levels deep.") from error
    except ValueError as error:
        raise CardRefused("The card's text is not JSON.") from error
    check_shape(value)
    return value


def dump(value: Any) -> str:
    """JSON in ASCII, so that even what no database takes as text (NUL, half a surrogate pair) is kept."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
