"""News of characters: a publish, in whichever process, reaches everybody who talks with the character."""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = logging.getLogger(__name__)


def group_of(slug: str) -> str:
    """The channel layer group in which the connections to a character hear of its changes."""
    return f"character.{slug}"


def on_character_changed(slug: str, version: int | None, draft: bool, **_: Any) -> None:
    """Signal receiver: passes it on to the live connections, in every process."""
    message = {"type": "character.changed", "slug": slug, "version": version, "draft": draft}
    try:
        async_to_sync(get_channel_layer().group_send)(group_of(slug), message)
    except Exception:  # a channel layer that is away: who connects next gets the new version anyway
        log.exception("conversations with %s could not be told of its change", slug)
