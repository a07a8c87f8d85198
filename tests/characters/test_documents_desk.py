"""Documents at the desk: dropped, listed with their state, previewed, shared, taken away, within bounds."""

import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from characters import shelf
from characters.models import Character, Document
from characters.text import because
from tests.characters.factory import make_character
from tests.characters.test_desk import DESK, staff  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db
PIECES = [(f"Chapter {number}", f"Line {number} <b>& more</b>") for number in range(45)]


def address(character: Character, end: str = "") -> str:
    return f"{DESK}{character.pk}/documents/{end}"


def drop(client, character: Character, **files: bytes):
    given = [SimpleUploadedFile(name.replace("_", "."), data) for name, data in files.items()]
    return client.post(address(character) + "?fragment", {"documents": given})


def do(client, character: Character, what: str, document: Document):
    return client.post(address(character, "do/") + "?fragment", {"do": what, "document": document.pk})


def test_files_of_one_drop_are_given_and_each_refused_one_has_a_sentence(admin_client, settings):
    settings.DOCUMENT_MAX_MEGABYTES = 1
    marlow = make_character()
    page = drop(admin_client, marlow, log_txt=b"one", big_txt=b"x" * 2**21, map_md=b"# two").content.decode()
    assert sorted(marlow.documents.values_list("file_name", flat=True)) == ["log.txt", "map.md"]
    assert "big.txt: It is larger than 1 MB. Split it into several files." in page
    assert "waiting" in page
    assert "data-busy" in page, "the page looks again"
    assert "<html" not in page
    marlow.refresh_from_db()
    assert marlow.digest != marlow.published.digest
    assert marlow.documents.first().added_by.username == "admin"


def test_progress_is_shown_and_why_one_cannot_be_used(admin_client):
    marlow = make_character()
    drop(admin_client, marlow, log_txt=b"one", bad_docx=b"two")
    lease = shelf.Lease.take()
    lease.keep_pieces("The log", "text", PIECES)
    lease.keep_vectors({piece.pk: bytes(384) for piece in lease.lacking(9)})
    shelf.Lease.take().fail(because("It is empty."))
    page = admin_client.get(address(marlow) + "?fragment").content.decode()
    assert 'value="20"' in page
    assert "20 %" in page
    assert "It is empty." in page
    assert "The log" in page


def test_pieces_are_shown_as_text_page_by_page(admin_client):
    marlow = make_character()
    drop(admin_client, marlow, log_txt=b"one")
    lease = shelf.Lease.take()
    lease.keep_pieces("The log", "text", PIECES)
    at = address(marlow, f"{lease.document.pk}/")
    first = admin_client.get(at).content.decode()
    assert "Line 39 &lt;b&gt;&amp; more&lt;/b&gt;" in first
    assert "Line 40" not in first
    assert "?from=40" in first
    assert "Line 44" in admin_client.get(f"{at}?from=40").content.decode()
    ada = make_character(slug="ada", name="Ada")
    assert admin_client.get(address(ada, f"{lease.document.pk}/")).status_code == 404, "it is not hers"


def test_a_document_is_shared_taken_away_and_deleted(admin_client):
    marlow, ada = make_character(), make_character(slug="ada", name="Ada")
    drop(admin_client, marlow, log_txt=b"one")
    document = Document.objects.get()
    page = do(admin_client, ada, "add", document).content.decode()
    assert "Also of Captain Marlow" in page
    do(admin_client, marlow, "remove", document)
    assert list(document.characters.all()) == [ada]
    do(admin_client, marlow, "delete", document)
    assert Document.objects.exists(), "who does not have it deletes nothing"
    do(admin_client, ada, "delete", document)
    assert not Document.objects.exists()


def test_without_a_script_the_same_forms_lead_back_to_a_page(admin_client, settings):
    settings.DOCUMENTS_PER_CHARACTER = 1
    marlow = make_character()
    files = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]
    page = admin_client.post(address(marlow), {"documents": files}, follow=True).content.decode()
    assert "<html" in page
    assert "Captain Marlow has 1 documents, and no more are kept" in page


def test_who_may_not_change_characters_looks_and_no_more(staff):  # noqa: F811
    marlow = make_character()
    shelf.give(marlow, "log.txt", b"one")
    moderator = staff("Moderator")
    page = moderator.get(address(marlow)).content.decode()
    assert "log.txt" in page
    assert 'type="file"' not in page
    assert drop(moderator, marlow, more_txt=b"two").status_code == 403
    assert do(moderator, marlow, "remove", Document.objects.get()).status_code == 403
    assert marlow.documents.count() == 1


def test_a_zip_bomb_is_taken_in_at_the_desk_without_being_opened_there(admin_client):
    """Which process refuses it, and how, is in tests/voicebot/documents."""
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b" " * 100 * 1024 * 1024)
    marlow = make_character()
    assert len(bomb.getvalue()) < 200_000
    assert drop(admin_client, marlow, bomb_docx=bomb.getvalue()).status_code == 200
    assert Document.objects.get().state == "waiting"


def test_the_form_of_a_character_has_its_documents(admin_client):
    marlow = make_character()
    shelf.give(marlow, "log.txt", b"one")
    page = admin_client.get(f"{DESK}{marlow.pk}/change/").content.decode()
    assert 'id="documents"' in page
    assert "characters/documents." in page
