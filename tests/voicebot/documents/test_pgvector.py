"""Where PostgreSQL has pgvector, it searches the documents of a character that has very many pieces."""

import numpy as np
import pytest
from django.db import connection

from characters import catalog, shelf
from tests.characters.factory import make_character
from tests.voicebot.documents.shelves import give
from tests.voicebot.documents.test_reading import Counted, _long
from voicebot.documents import DocumentIndex, DocumentIndexes, PostgresIndex, pgvector
from voicebot.meaning import DIMENSIONS

pytestmark = pytest.mark.django_db(transaction=True)


class Scattered(Counted):
    """Vectors that are far apart, each another one."""

    def of(self, text):
        vector = super().of(text)
        made = np.random.default_rng(len(self.texts)).normal(size=DIMENSIONS).astype(np.float32)
        vector._result = made / np.linalg.norm(made)
        return vector


@pytest.fixture(autouse=True)
def extension():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
        if not cursor.fetchone():
            pytest.skip("this PostgreSQL has no pgvector")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {pgvector.TABLE}")
        cursor.execute("DROP EXTENSION IF EXISTS vector")


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(pgvector, "WITHIN_SECS", 30.0)


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {pgvector.TABLE}")
        return cursor.fetchone()[0]


def question(like: int):
    near = np.random.default_rng(like).normal(size=DIMENSIONS).astype(np.float32)
    return near / np.linalg.norm(near)


def test_it_finds_what_memory_finds_above_the_threshold(settings, patient):
    give(make_character(), _long(60), reader=Scattered())
    documents = catalog.draft("marlow").documents
    settings.DOCUMENT_PGVECTOR_PIECES = 61
    in_memory = DocumentIndexes().load(documents)
    assert isinstance(in_memory, DocumentIndex)
    settings.DOCUMENT_PGVECTOR_PIECES = 60
    in_postgres = DocumentIndexes().load(documents)
    assert isinstance(in_postgres, PostgresIndex)
    assert len(in_postgres) == len(in_memory) == rows() == 60
    for number in (1, 17, 60):
        (here, *_), (there, *_) = (index.search(question(number), 3) for index in (in_memory, in_postgres))
        assert here.passage == there.passage
        assert here.score == pytest.approx(there.score, abs=0.01)
        assert here.passage.heading == f"Chapter {number - 1}"


def test_only_the_characters_own_documents_are_found_and_deleted_ones_are_gone(settings, patient):
    settings.DOCUMENT_PGVECTOR_PIECES = 1
    ada = make_character(slug="ada", name="Ada")
    give(ada, _long(30), name="a.md", reader=Scattered())
    mine = give(make_character(), _long(31), name="b.md", reader=Counted())
    hers = DocumentIndexes().load(catalog.draft("ada").documents)
    his = DocumentIndexes().load(catalog.draft("marlow").documents)
    assert rows() == 61
    assert hers.search(question(5), 3)
    assert not his.search(question(5), 3)
    shelf.delete(mine)
    assert rows() == 30, "no vector of it is left"


def test_postgresql_has_looked_at_the_rows_and_goes_by_the_index(settings, patient):
    """It would take them for a handful otherwise, and compare each of 200,000 with every question."""
    give(make_character(), _long(60), reader=Scattered())
    settings.DOCUMENT_PGVECTOR_PIECES = 1
    assert isinstance(DocumentIndexes().load(catalog.draft("marlow").documents), PostgresIndex)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [pgvector.TABLE])
        assert cursor.fetchone() == (60,)
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{pgvector.TABLE}_near"])
        assert cursor.fetchone() == (True,)


def test_a_login_that_may_not_have_it_searches_in_memory(settings, monkeypatch):
    from django.db import Error as DatabaseError

    def refused(cursor):
        raise DatabaseError("permission denied to create extension")

    give(make_character(), reader=Scattered())
    settings.DOCUMENT_PGVECTOR_PIECES = 1
    monkeypatch.setattr(pgvector, "_made", refused)
    assert isinstance(DocumentIndexes().load(catalog.draft("marlow").documents), DocumentIndex)
