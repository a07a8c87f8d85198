"""Documents are read and embedded beside live conversations, by one process, and found at the next turn."""

import zipfile
from concurrent.futures import Future
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from characters import catalog, shelf
from characters.models import Document
from characters.versions import publishing
from tests.characters.factory import make_character
from tests.voicebot.documents.shelves import LOG, give, needs_engine
from voicebot.documents import DocumentIndexes, DocumentReading, recalled
from voicebot.meaning import DIMENSIONS, EmbeddingsMissing, embeddings

pytestmark = pytest.mark.django_db(transaction=True)


class Counted:
    """Vectors that mean nothing, counted; `dies` after so many, as a process that is killed."""

    def __init__(self, dies: int = 10**9):
        self.texts: list[str] = []
        self._dies = dies

    def of(self, text):
        if len(self.texts) >= self._dies:
            raise KeyboardInterrupt
        self.texts.append(text)
        vector: Future = Future()
        vector.set_result(np.eye(DIMENSIONS, dtype=np.float32)[len(self.texts) % DIMENSIONS])
        return vector

    def rest(self):
        pass


def test_a_document_is_read_embedded_and_answers_what_was_asked():
    needs_engine()
    marlow = make_character()
    document = give(marlow)
    assert (document.state, document.title, document.kind) == ("ready", "The log of the Marigold", "markdown")
    assert document.embedded_count == document.piece_count == 3
    spec, cache = catalog.draft("marlow"), DocumentIndexes()
    cache.load(spec.documents)
    (first, *_) = recalled(spec, ["What does the kraken eat?"], 160, embeddings(), within_secs=10, on=cache)
    assert "eats nothing but lanterns" in first.text
    assert first.source == '"The log of the Marigold", "The kraken"'
    assert first.score > 0.4
    assert not recalled(spec, ["How are you today?"], 160, embeddings(), within_secs=10, on=cache)


def test_another_process_goes_on_where_one_was_killed():
    document = shelf.give(make_character(), "long.md", _long(20).encode())
    with pytest.raises(KeyboardInterrupt):
        async_to_sync(DocumentReading(reader=Counted(dies=11)).read_all)()
    document.refresh_from_db()
    assert (document.state, document.embedded_count, document.piece_count) == ("embedding", 8, 20)
    Document.objects.update(lease_until=timezone.now() - timedelta(seconds=1), lease_by=None)
    rest = Counted()
    async_to_sync(DocumentReading(reader=rest).read_all)()
    document.refresh_from_db()
    assert (document.state, len(rest.texts)) == ("ready", 12)


def test_it_waits_while_the_machine_is_busy():
    load, waited, reader = SimpleNamespace(lately=0.9), [], Counted()

    async def pause(secs):
        waited.append(len(reader.texts))
        if len(waited) == 3:
            load.lately = 0.1

    document = give(make_character(), load=load, pause=pause, reader=reader)
    assert waited == [0, 0, 0], "nothing was embedded meanwhile"
    assert document.state == "ready"


def test_without_an_engine_the_writer_is_told():
    class Missing(Counted):
        def of(self, text):
            vector: Future = Future()
            vector.set_exception(EmbeddingsMissing("no wheel"))
            return vector

    document = give(make_character(), reader=Missing())
    assert document.state == "failed"
    assert document.sentence.startswith("This machine has no sentence embeddings")


def test_more_pieces_than_a_character_may_have_are_refused_with_a_sentence(settings):
    settings.DOCUMENT_PIECES_PER_CHARACTER = 5
    marlow = make_character()
    assert give(marlow, reader=Counted()).state == "ready"
    document = give(marlow, _long(3), name="more.md", reader=Counted())
    assert (document.state, document.piece_count) == ("failed", 0)
    assert document.sentence == "It is too long: of all documents of a character together, 5 pieces are kept."


def test_a_zip_bomb_is_refused_with_a_sentence_and_another_document_is_read_after_it():
    marlow = make_character()
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", b"<w>" + b" " * 300 * 1024 * 1024)
    shelf.give(marlow, "bomb.docx", bomb.getvalue())
    assert give(marlow, reader=Counted()).state == "ready"
    bad = marlow.documents.get(file_name="bomb.docx")
    assert bad.state == "failed"
    assert "MB" in bad.sentence
    assert bad.original is None


def test_ten_megabytes_of_one_line_are_kept_within_bounds(settings, monkeypatch):
    monkeypatch.setattr("voicebot.documents.reading.AT_ONCE", 2000)
    settings.DOCUMENT_PIECES_PER_CHARACTER = 200_000
    document = give(make_character(), "kraken " * 1_500_000, name="line.txt", reader=_Quick())
    assert document.state in ("ready", "failed")
    assert document.state == "ready" or document.sentence
    longest = max((len(piece.text) for piece in document.pieces.all()), default=0)
    assert longest < 3000


class _Quick(Counted):
    def of(self, text):
        self.texts.clear()
        return super().of(text)


def test_an_index_knows_what_is_new_after_a_change_and_forgets_what_is_deleted():
    marlow = make_character()
    first = give(marlow, reader=Counted())
    here, elsewhere = DocumentIndexes(), DocumentIndexes()  # of two processes
    documents = catalog.draft("marlow").documents
    assert here.of(documents) is None, "no turn waits for the database"
    here.refresh(documents).result()
    index = here.of(documents)
    assert index is not None
    assert len(index) == 3
    here.refresh(documents).result()
    assert here.of(documents) is index, "nothing was changed"
    give(marlow, _long(2), name="more.md", reader=Counted())
    publishing.publish(marlow)
    both = catalog.get("marlow", 2).documents
    assert len(elsewhere.load(both)) == len(here.load(both)) == 5
    shelf.delete(first)
    assert len(elsewhere.load(both)) == 2


def _long(sections: int) -> str:
    return "\n\n".join(
        f"# Chapter {number}\n\n{LOG.split('## ')[2]} Part {number}." for number in range(sections)
    )
