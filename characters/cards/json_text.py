"""JSON parsing of cards: bounded in size, depth and number of values."""

import codecs
import json
import math
from typing import Any

from django.utils.translation import gettext as _

from characters.cards import card_limits
from characters.exceptions import CardRefused


def _refuse_constant(name: str) -> Any:
    raise CardRefused(_("The card's JSON holds %(name)s, which JSON has not.") % {"name": name})


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise CardRefused(
            _("The card's JSON holds the number %(number)s, which is too large.") % {"number": text[:40]}
        )
    return number


def too_deep() -> CardRefused:
    """The refusal of what is nested too deeply."""
    return CardRefused(
        _("The card is nested more than %(most)d levels deep.") % {"most": card_limits.JSON_DEPTH}
    )


def too_many() -> CardRefused:
    """The refusal of what holds too much."""
    return CardRefused(_("The card holds too many values."))


def check_shape(value: Any) -> None:
    """Raises CardRefused if `value` is nested too deeply or holds too many values."""
    level, depth, seen = [value], 0, 0
    while level:
        depth += 1
        seen += len(level)
        if depth > card_limits.JSON_DEPTH:
            raise too_deep()
        if seen > card_limits.JSON_ITEMS:
            raise too_many()
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            if seen + len(below) > card_limits.JSON_ITEMS:  # before a list that is in it many times has grown
                raise too_many()
        level = below


def as_utf8(data: bytes) -> bytes:
    """What begins with the byte order mark of UTF-16, as Windows writes it, in UTF-8; else what it was."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    try:
        return data.decode("utf-16", "surrogatepass").encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in `data` (UTF-8, or UTF-16 with its mark). Raises CardRefused."""
    value = parse_any(data)
    if not isinstance(value, dict):
        raise CardRefused(_("The card's JSON is no object."))
    return value


def parse_any(data: bytes) -> Any:
    """The JSON in `data`, whatever it is. Raises CardRefused."""
    if len(data) > card_limits.JSON_BYTES:
        raise CardRefused(
            _("The card's text is larger than %(megabytes)d MB.")
            % {"megabytes": card_limits.JSON_BYTES // 1024 // 1024}
        )
    try:
        text = as_utf8(data).decode("utf-8-sig", "surrogatepass")
    except UnicodeDecodeError as error:
        raise CardRefused(_("The card's text is not in Unicode: save it as UTF-8.")) from error
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:
        raise CardRefused(_("The card's text is not JSON.")) from error
    check_shape(value)
    return value


def dump(value: Any) -> str:
    """JSON in ASCII, so that even what no database takes as text (NUL, half a surrogate pair) is kept."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
