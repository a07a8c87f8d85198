"""YAML of strangers: bounded in size, depth and number of values before anything is built of it.

Every scalar but null stays the text that it is written as: no dates, no numbers, no objects, no merging
of keys.
"""

import re
from typing import Any

import yaml
from django.utils.translation import gettext as _

from characters.cards import card_limits
from characters.cards.json_text import check_shape, too_deep, too_many
from characters.exceptions import CardRefused

BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
NULL = "tag:yaml.org,2002:null"


class Loader(BASE):
    """Every scalar is its text, but for what YAML has for nothing: nobody says “null”."""


Loader.add_implicit_resolver(NULL, re.compile("(?:null|Null|NULL|~)$"), ["n", "N", "~"])
Loader.add_constructor(NULL, lambda loader, node: None)
KEY = re.compile(r"^[\"']?[A-Za-z_][\w .-]{0,60}[\"']?\s*:(?:\s|$)", re.MULTILINE)
OPENS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
CLOSES = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def looks_like_yaml(data: bytes) -> bool:
    """Whether the bytes are text in which some line begins with a key."""
    try:
        text = data[: card_limits.YAML_BYTES].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(data[: card_limits.YAML_BYTES]) - 4:  # more than a letter that was cut
            return False
        text = data[: error.start].decode("utf-8-sig", "ignore")
    return "\0" not in text and KEY.search(text) is not None


def _check(text: str) -> None:
    """Raises CardRefused for what is too deep, too much, or refers to itself too often."""
    depth, aliases = 0, 0
    for seen, event in enumerate(yaml.parse(text, Loader=Loader)):
        depth += isinstance(event, OPENS)
        depth -= isinstance(event, CLOSES)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > card_limits.JSON_DEPTH:
            raise too_deep()
        if seen > card_limits.JSON_ITEMS or aliases > card_limits.YAML_ALIASES:
            raise too_many()


def parse(data: bytes) -> dict[str, Any]:
    """The mapping in `data` (UTF-8), every scalar a string or None. Raises CardRefused."""
    if len(data) > card_limits.YAML_BYTES:
        raise CardRefused(
            _("The card's YAML is larger than %(kilobytes)d KB.")
            % {"kilobytes": card_limits.YAML_BYTES // 1024}
        )
    try:
        text = data.decode("utf-8-sig")
        _check(text)
        value = yaml.load(text, Loader=Loader)  # noqa: S506 - the base loader builds strings, lists, dicts
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CardRefused(_("The card's text is not YAML.")) from error
    if not isinstance(value, dict):
        raise CardRefused(_("The card's YAML is no mapping of names to values."))
    check_shape(value)
    return {str(name): item for name, item in value.items()}
