"""Values of a request as the desk's views take them: what no page of ours sends is nothing, not an error."""

import json
from typing import Any

MOST_DIGITS = 18  # of a number that a row may have


def number(text: str) -> int:
    """A number of a row or a place, 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def json_of(text: str) -> Any:
    """What a page sent as JSON; None for what is none, or is nested deeper than can be read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
