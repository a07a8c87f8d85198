"""Documents of characters: given, shared, published, taken away, and read by one process at a time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from characters import catalog, content, shelf
from characters.models import Document, DocumentPiece
from characters.text import because
from characters.versions import bin as character_bin
from characters.versions import differences, duplicate, publishing
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db
PIECES = [("The harbour", "The quay is wet."), ("The kraken", "It eats lanterns."), ("", "No heading.")]


def read_all(pieces=PIECES) -> Document:
    """What a process does that reads the next document, with vectors that mean nothing."""
    lease = shelf.Lease.take()
    assert lease is not None
    assert lease.keep_pieces("The log", "text", pieces)
    assert lease.keep_vectors({piece.pk: bytes(384) for piece in lease.lacking(100)})
    return Document.objects.get(pk=lease.document.pk)


def test_a_document_is_a_change_of_the_draft_and_on_stage_once_published():
    marlow = make_character()
    before = marlow.digest
    document = shelf.give(marlow, "log.txt", b"The quay is wet.")
    marlow.refresh_from_db()
    assert marlow.digest != before == marlow.published.digest
    assert catalog.get("marlow").documents == ()
    assert catalog.draft("marlow").documents == (document.sha256,)
    published = publishing.publish(marlow)
    assert published.content["documents"] == [{"sha256": document.sha256, "name": "log.txt"}]
    assert catalog.get("marlow", published.number).documents == (document.sha256,)
    changes = differences.between(content.of(marlow) | {"documents": []}, content.of(marlow))
    assert [(change.title, change.pieces[-1].text) for change in changes] == [("documents", "log.txt")]
    digest = marlow.digest
    read_all()
    marlow.refresh_from_db()
    assert marlow.digest == digest, "that it has been read is nothing to publish"


def test_a_character_without_documents_has_the_content_and_digest_that_it_had():
    assert "documents" not in content.of(make_character())


def test_the_same_file_is_kept_once_and_read_once():
    marlow, ada = make_character(), make_character(slug="ada", name="Ada")
    document = shelf.give(marlow, "log.txt", b"The quay is wet.")
    assert read_all().state == "ready"
    assert shelf.give(ada, "other.txt", b"The quay is wet.") == document
    assert Document.objects.get().file_name == "log.txt"
    assert shelf.Lease.take() is None


def test_what_is_taken_away_is_deleted_unless_a_draft_or_a_version_has_it():
    marlow, ada = make_character(), make_character(slug="ada", name="Ada")
    document = shelf.give(marlow, "log.txt", b"one")
    shelf.share(ada, document)
    shelf.take_away(marlow, document)
    assert Document.objects.filter(pk=document.pk).exists(), "Ada has it"
    version = publishing.publish(ada)
    shelf.take_away(ada, document)
    assert Document.objects.filter(pk=document.pk).exists(), "a version has it"
    publishing.roll_back(ada, version)
    assert list(ada.documents.all()) == [document], "so that it can be gone back to"
    other = shelf.give(marlow, "other.txt", b"two")
    shelf.take_away(marlow, other)
    assert not Document.objects.filter(pk=other.pk).exists()


def test_what_is_deleted_for_good_is_gone_from_drafts_and_a_version_does_without_it():
    marlow = make_character()
    document = shelf.give(marlow, "log.txt", b"one")
    version = publishing.publish(marlow)
    read_all()
    shelf.delete(document)
    assert not DocumentPiece.objects.exists()
    marlow.refresh_from_db()
    assert marlow.digest != version.digest
    publishing.roll_back(marlow, version)
    assert not marlow.documents.exists()


def test_an_erased_character_takes_its_documents_along(django_capture_on_commit_callbacks):
    marlow, ada = make_character(published=False), make_character(slug="ada", name="Ada")
    own, shared = shelf.give(marlow, "own.txt", b"one"), shelf.give(marlow, "shared.txt", b"two")
    shelf.share(ada, shared)
    read_all()
    character_bin.put(marlow, timezone.now() - timedelta(days=31))
    assert Document.objects.count() == 2, "what is in the bin can be brought back"
    with django_capture_on_commit_callbacks(execute=True):
        assert character_bin.empty() == 1
    assert list(Document.objects.all()) == [shared]
    assert not DocumentPiece.objects.filter(document=own.pk).exists()


def test_a_copy_has_the_same_documents():
    marlow = make_character()
    document = shelf.give(marlow, "log.txt", b"one")
    assert list(duplicate(marlow).documents.all()) == [document]


def test_documents_are_bounded_in_number_size_and_pieces(settings):
    marlow = make_character()
    settings.DOCUMENTS_PER_CHARACTER = 2
    settings.DOCUMENT_PIECES_PER_CHARACTER = 4
    settings.DOCUMENT_MAX_MEGABYTES = 1
    for data, sentence in ((b" \n", "It is empty."), (b"x" * 1024 * 1025, "It is larger than 1 MB.")):
        with pytest.raises(shelf.DocumentRefused, match=sentence):
            shelf.give(marlow, "a.txt", data)
    shelf.give(marlow, "a.txt", b"one")
    read_all()
    assert shelf.room(marlow) == 1
    ada = make_character(slug="ada", name="Ada")
    long = shelf.give(ada, "b.txt", b"two")
    read_all()
    with pytest.raises(shelf.DocumentRefused, match="too long for Captain Marlow"):
        shelf.share(marlow, long)
    shelf.give(marlow, "c.txt", b"three")
    with pytest.raises(shelf.DocumentRefused, match="Captain Marlow has 2 documents"):
        shelf.give(marlow, "d.txt", b"four")


def test_one_process_reads_a_document_and_another_goes_on_when_that_is_gone():
    document = shelf.give(make_character(), "log.txt", b"one")
    first = shelf.Lease.take()
    assert first is not None
    assert shelf.Lease.take() is None
    assert first.keep_pieces("The log", "text", PIECES)
    assert first.keep_vectors({first.lacking(1)[0].pk: bytes(384)})
    Document.objects.update(lease_until=timezone.now() - timedelta(seconds=1))  # it was killed
    second = shelf.Lease.take()
    assert second is not None
    assert [piece.order for piece in second.lacking(9)] == [1, 2], "from where it stopped"
    assert not first.extend(), "the first one has nothing to say any more"
    assert not first.keep_vectors({second.lacking(1)[0].pk: bytes(384)})
    assert second.keep_vectors({piece.pk: bytes(384) for piece in second.lacking(9)})
    document.refresh_from_db()
    assert (document.state, document.percent, document.lease_by) == ("ready", 100, None)
    assert document.original is None, "what has been read is not kept twice"


def test_what_cannot_be_read_says_why_and_is_read_again_when_it_is_given_again():
    marlow = make_character()
    document = shelf.give(marlow, "log.txt", b"one")
    lease = shelf.Lease.take()
    assert lease is not None
    assert lease.fail(because("It is larger than {megabytes} MB. Split it into several files.", megabytes=1))
    document.refresh_from_db()
    assert document.sentence == "It is larger than 1 MB. Split it into several files."
    assert shelf.Lease.take() is None
    shelf.give(marlow, "log.txt", b"one")
    assert read_all().sentence == ""


def test_whoever_talks_hears_that_a_document_is_ready(django_capture_on_commit_callbacks):
    from characters.signals import character_changed

    marlow = make_character()
    shelf.give(marlow, "log.txt", b"one")
    number = publishing.publish(marlow).number
    heard = []
    character_changed.connect(
        lambda **said: heard.append((said["version"], said["draft"])), weak=False, dispatch_uid="test"
    )
    try:
        with django_capture_on_commit_callbacks(execute=True):
            read_all()
    finally:
        character_changed.disconnect(dispatch_uid="test")
    assert heard == [(None, True), (number, False)]
