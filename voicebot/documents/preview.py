"""Preview: what the documents of a draft say to a line, for its writer; found as on stage."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from characters.provider_choice import Read
from characters.spec import CharacterSpec
from voicebot.documents import recall
from voicebot.documents.index_cache import indexes
from voicebot.meaning import EmbeddingsMissing, embeddings

PATIENCE_SECS = 2.0  # for the meaning of a line; a writer can wait longer than a visitor
LEAST_TOKENS = 160


def preview(spec: CharacterSpec, talk: Sequence[Mapping[str, Any]], limit: int) -> list[Read]:
    """Blocks: the index is loaded, and the line read, where they are not at hand."""
    said = [str(message["content"]) for message in talk if message["role"] == "user"]
    if not spec.documents or not said:
        return []
    indexes().load(spec.documents)
    room = recall.room_for(limit, LEAST_TOKENS)
    with suppress(EmbeddingsMissing):
        found = recall.recalled(spec, said, room, embeddings(), within_secs=PATIENCE_SECS)
        return [
            Read(told, one.text, one.source, one.score)
            for one, told in zip(found, recall.told(found), strict=True)
        ]
    return []
