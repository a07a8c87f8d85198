"""Documents for tests: given to a character, read by this process at once, with the real engine."""

import pytest
from asgiref.sync import async_to_sync

from characters import shelf
from characters.models import Character, Document
from voicebot.documents import DocumentReading
from voicebot.meaning import EmbeddingsMissing, PassageReader

LOG = """# The log of the Marigold

## The kraken

The kraken lives under the black rock near the harbour of Tollhaven and eats nothing but lanterns. Every
second Thursday the keepers throw three brass lanterns into the water.

## The crew

The Marigold has a crew of nine. The cook is called Old Bess, and she was born in Bristol in 1803. The first
mate, Tom Harrow, lost two fingers in a storm off Cape Wrath.

## The harbour

A vessel of less than fifty tons pays four shillings a night at the stone quay.
"""


def needs_engine() -> None:
    """Skips where there are no sentence embeddings."""
    try:
        PassageReader().of("Hello").result()
    except EmbeddingsMissing as error:
        pytest.skip(str(error))


def give(character: Character, text: str | bytes = LOG, name: str = "log.md", **more: object) -> Document:
    """Gives a document to a character and reads it."""
    document = shelf.give(character, name, text.encode() if isinstance(text, str) else text)
    async_to_sync(DocumentReading(**more).read_all)()  # type: ignore[arg-type]
    document.refresh_from_db()
    return document
