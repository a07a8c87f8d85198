"""Documents in files of characters: a CHARX has them, other cards say that they have not."""

import json

import pytest

from characters import cards, shelf
from characters.cards import charx
from characters.models import CharacterAsset, Document
from tests.characters.factory import make_character
from tests.characters.test_shelf import PIECES, read_all

pytestmark = pytest.mark.django_db


def exported(character, form="v3-charx", **options):
    return cards.export(character, form, **options)


def with_document():
    marlow = make_character()
    shelf.give(marlow, "log.txt", b"one")
    return marlow, read_all()


def imported(data):
    return cards.store(cards.read(data), "twin")


def test_a_charx_brings_documents_to_another_installation():
    marlow, document = with_document()
    data = exported(marlow).data
    document.delete()
    twin = imported(data)
    (came,) = twin.documents.all()
    assert (came.title, came.file_name, came.kind, came.state) == ("The log", "log.txt", "text", "embedding")
    assert list(came.pieces.values_list("heading", "text")) == PIECES
    assert not CharacterAsset.objects.filter(character=twin, path__startswith="greenroom/").exists()
    lease = shelf.Lease.take()
    assert lease is not None
    assert len(lease.lacking(9)) == 3, "it is embedded here"
    again = exported(twin)
    assert not again.notes


def test_where_the_same_words_are_on_the_shelf_they_are_shared():
    marlow, document = with_document()
    twin = imported(exported(marlow).data)
    assert list(twin.documents.all()) == [document]


def test_a_card_that_claims_to_be_another_document_does_not_take_its_place():
    marlow, document = with_document()
    card, files = charx.read(exported(marlow).data)
    (path,) = [path for path in files if path.startswith(shelf.FOLDER)]
    forged = {**json.loads(files[path]), "pieces": [["The kraken", "It eats captains."]]}
    twin = imported(charx.write(card, {**files, path: json.dumps(forged).encode()}))
    (came,) = twin.documents.all()
    assert came != document
    assert came.sha256 != document.sha256
    assert list(document.pieces.values_list("heading", "text")) == PIECES


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[" * 100_000,
     b'{"title": 1, "name": "", "kind": "", "sha256": "", "pieces": [["a", "b"]]}',
     b'{"title": "", "name": "", "kind": "", "sha256": "", "pieces": [[1, 2]]}', b"\xff\xfe"],
)  # fmt: skip
def test_a_damaged_document_is_left_out_and_the_card_is_taken(data):
    marlow, _ = with_document()
    card, files = charx.read(exported(marlow).data)
    path = next(path for path in files if path.startswith(shelf.FOLDER))
    assert not imported(charx.write(card, {**files, path: data})).documents.exists()


def test_other_cards_and_those_without_what_is_private_say_what_is_left_out():
    marlow, _ = with_document()
    note = "1 document was left out: a CHARX file with everything has those that have been read."
    for form in ("v3-png", "v2-json"):
        assert note in exported(marlow, form).notes
    assert note in exported(marlow, private=False).notes
    assert shelf.FOLDER.encode() not in exported(marlow, private=False).data
    assert not exported(marlow).notes
    assert Document.objects.count() == 1
