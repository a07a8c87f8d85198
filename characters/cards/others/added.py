"""Importers that other apps add, for files that Greenroom itself refuses."""

import logging
from collections.abc import Callable
from typing import Any

from characters.cards import card_limits, json_text

log = logging.getLogger(__name__)

Importer = Callable[[bytes], dict[str, Any] | None]
# By what they read; filled when Django finds each app's `greenroom` module, see `voicebot.extensions`.
IMPORTERS: dict[str, Importer] = {}


def add_importer(kind: str, importer: Importer) -> None:
    """Adds one. Raises ValueError if there is one for this kind of file."""
    if kind in IMPORTERS:
        raise ValueError(f"There is an importer for {kind!r} already.")
    IMPORTERS[kind] = importer


def taken_by_others(data: bytes) -> tuple[str, dict[str, Any]] | None:
    """What kind of file it is, and the card in it, if one of them knows it; a failing one knows none.

    Raises CardRefused for a card that is too deep or has too much in it.
    """
    if len(data) > card_limits.FILE_BYTES:
        return None
    for kind, importer in IMPORTERS.items():
        try:
            given = importer(data)
        except Exception as error:
            log.warning("the importer for %s failed with %s", kind, type(error).__name__)
            continue
        if isinstance(given, dict):
            json_text.check_shape(given)
            return kind, given
    return None
