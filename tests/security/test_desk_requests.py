"""Requests to the desk that no page of ours sends: refused, or of no effect; none is an error of ours."""

import json
from urllib.parse import unquote

import pytest
from django.test import Client

from characters.models import Character, CharacterAsset, LoreEntry
from tests.characters.factory import make_character, make_lorebook

pytestmark = pytest.mark.django_db
DESK = "/admin/characters/character/"
BOOKS = "/admin/characters/lorebook/"
DEEP = "[" * 60_000  # deeper than a reader of JSON goes
NUMBERS = ["²", "9" * 5000, "9" * 18, "\x00"]


@pytest.fixture
def desk():
    character = make_character(lore=[{"keys": ["x"], "content": "y"}])
    other = make_character(
        slug="other", name="Other", lore=[{"keys": ["secret"], "content": "Theirs alone."}]
    )
    book = make_lorebook(entries=[{"keys": ["harbour"], "content": "Of the book."}])
    return character, other, book


@pytest.mark.parametrize("number", NUMBERS, ids=["exponent", "huge", "no row", "NUL"])
def test_what_is_no_number_is_no_error_of_ours(admin_client, desk, number):
    character, _other, book = desk
    own, shared = f"{DESK}{character.pk}/", f"{BOOKS}{book.pk}/"
    requests = [
        ("post", f"{DESK}unsaved/", {"_character": number}),
        ("post", f"{DESK}rehearse/prompt/", {"_character": number}),
        (
            "post",
            f"{DESK}rehearse/prompt/",
            {"_character": character.pk, "_entry": number, "_greeting": number},
        ),
        ("post", f"{DESK}rehearse/chat/", {"_character": number, "_turns": "[]"}),
        ("post", f"{DESK}rehearse/choices/", {"_character": number}),
        ("post", f"{DESK}import/", {"choice": number, "address": number}),
        *(
            (
                "post",
                f"{owner}lore/do/",
                {"action": action, "id": number, "revision": number, "before": number},
            )
            for owner in (own, shared)
            for action in ("on", "off", "move", "copy", "delete", "restore", "none")
        ),
        ("get", f"{own}lore/", {"q": number, "from": number}),
        ("get", f"{own}lore/rows/", {"q": number, "from": number, "count": number}),
        ("get", f"{own}lore/new/", {"fragment": number}),
        ("post", f"{own}lore/new/", {"revision": number, "name": number, "keys": number, "rules": number}),
        ("post", f"{own}lore/{character.lore.get().pk}/", {"revision": number}),
        ("post", f"{own}lore/books/", {"book": number, "do": "add"}),
        ("get", f"{own}versions/diff/", {"a": number, "b": number}),
        ("post", f"{shared}publish/", {"character": number}),
        ("post", f"{shared}publish/", {"character": f"{number}:x"}),
        ("get", f"{shared}lore/rows/", {"q": number, "from": number}),
        ("post", f"{own}publish/", {"digest": number, "note": number}),
        ("post", f"{own}versions/1/take-up/", {"digest": number}),
        ("get", DESK, {"state": number, "q": number}),
        ("get", BOOKS, {"q": number}),
        ("get", own + "lorebook/export/", {"format": number}),
        ("get", own + "change/", {"missing": number}),
    ]
    if number.isascii():
        requests += [
            ("get", f"{own}lore/{'9' * 30}/", {}),
            ("get", f"{DESK}{'9' * 30}/lore/", {}),
            ("get", f"{DESK}{'9' * 30}/publish/", {}),
            ("get", f"{own}versions/{'9' * 30}/take-up/", {}),
            ("get", f"{BOOKS}{'9' * 30}/publish/", {}),
        ]
    admin_client.raise_request_exception = False
    failed = []
    for method, url, data in requests:
        answer = getattr(admin_client, method)(url, data)
        if answer.status_code >= 500:
            failed.append((method, url, data, repr(answer.exc_info[1])[:150] if answer.exc_info else ""))
    assert failed == []


@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        "\x00",
        '["\\ud800"]',
        '[["name","\\ud800\\u0000"]]',
        '[{"role":"user","content":"\\ud800\\u0000 a"}]',
        "1" * 5000,
        '{"name": []}',
    ],
    ids=["deep", "NUL", "half", "pair", "turn", "digits", "object"],
)
def test_json_that_no_page_sends_is_no_error_of_ours(admin_client, desk, text):
    character, _other, _book = desk
    admin_client.raise_request_exception = False
    failed = []
    for url, data in [
        (f"{DESK}unsaved/", {"_character": character.pk, "fields": text}),
        (f"{DESK}unsaved/", {"_character": character.pk, "fields": "[]", "_seen": text}),
        (f"{DESK}unsaved/", {"_character": "", "fields": text, "_form": text}),
        (f"{DESK}rehearse/chat/", {"_character": character.pk, "_turns": text}),
        (f"{DESK}rehearse/prompt/", {"_character": character.pk, "_talk": text, "description": text}),
        (f"{DESK}{character.pk}/change/", {"_seen": text[:60000], "name": "x"}),
        (f"{BOOKS}{_book.pk}/change/", {"_seen": text[:60000], "name": "x"}),
        (f"{DESK}{character.pk}/lore/do/", {"action": "restore", "undo": text}),
    ]:
        answer = admin_client.post(url, data)
        if answer.status_code >= 500:
            failed.append((url, list(data), repr(answer.exc_info[1])[:150] if answer.exc_info else ""))
    page = admin_client.get(f"{DESK}{character.pk}/change/")
    if page.status_code != 200:
        failed.append(("the form afterwards", page.status_code))
    page = admin_client.get(f"{DESK}add/")
    if page.status_code != 200:
        failed.append(("the new form afterwards", page.status_code))
    assert failed == []


def test_an_entry_is_reached_by_its_own_book_only(admin_client, desk):
    character, other, book = desk
    theirs, shared = other.lore.get(), book.entries.get()
    for entry in (theirs, shared):
        own = f"{DESK}{character.pk}/"
        assert admin_client.get(f"{own}lore/{entry.pk}/").status_code == 410
        assert "Theirs alone" not in admin_client.get(f"{own}lore/{entry.pk}/").content.decode()
        answer = admin_client.post(f"{own}lore/{entry.pk}/", {"name": "Taken", "revision": "1"})
        assert answer.status_code == 410
        for action in ("on", "off", "move", "copy", "delete"):
            admin_client.post(
                f"{own}lore/do/", {"action": action, "id": entry.pk, "revision": 1, "before": entry.pk}
            )
        said = admin_client.post(
            f"{DESK}rehearse/prompt/",
            {"_character": character.pk, "_entry": entry.pk, "_talk": "secret harbour"},
        )
        assert "Theirs alone" not in said.content.decode()
    assert LoreEntry.objects.count() == 3
    assert LoreEntry.objects.filter(name="Taken").count() == 0
    gone = admin_client.post(f"{DESK}{other.pk}/lore/do/", {"action": "delete", "id": theirs.pk}).json()
    answer = admin_client.post(f"{DESK}{character.pk}/lore/do/", {"action": "restore", "undo": gone["undo"]})
    assert answer.status_code == 400
    assert character.lore.count() == 1


def test_a_form_that_is_too_large_is_a_page_that_says_what_to_do(admin_client, desk):
    character, _other, _book = desk
    answer = admin_client.post(f"{DESK}{character.pk}/change/", {"description": "x" * (4 * 1024 * 1024 + 1)})
    assert answer.status_code == 413
    said = answer.content.decode()
    assert "That is more than can be sent at once" in said
    assert "4.0\xa0MB" in said
    many = {f"field-{number}": "" for number in range(20_001)}
    assert admin_client.post(f"{DESK}{character.pk}/change/", many).status_code == 413


def test_a_note_about_an_export_is_said_once_by_the_page_that_saves_the_file(admin_client, desk):
    character, _other, _book = desk
    CharacterAsset.objects.create(character=character, path="assets/a.png", data=b"x")
    url = f"{DESK}{character.pk}/export/?format=v3-png"
    answer = admin_client.get(url, headers={"X-Shows-Notes": "1"})
    (note,) = json.loads(unquote(answer["X-Card-Notes"]))
    assert "CHARX" in note
    assert list(admin_client.get(DESK).context["messages"]) == []
    assert "X-Card-Notes" not in admin_client.get(url)
    assert [str(said) for said in admin_client.get(DESK).context["messages"]] == [note]


def test_without_its_token_nothing_is_done(admin_user, desk):
    character, _other, book = desk
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    before = list(Character.objects.order_by("pk").values()), LoreEntry.objects.count()
    for url in (
        f"{DESK}unsaved/",
        f"{DESK}{character.pk}/duplicate/",
        f"{DESK}{character.pk}/restore/",
        f"{DESK}rehearse/chat/",
        f"{DESK}rehearse/choices/",
        f"{DESK}{character.pk}/lore/do/",
        f"{DESK}{character.pk}/lore/new/",
        f"{DESK}{character.pk}/lore/books/",
        f"{DESK}{character.pk}/lorebook/",
        f"{BOOKS}{book.pk}/publish/",
        f"{DESK}{character.pk}/versions/1/take-up/",
        f"{BOOKS}{book.pk}/lore/do/",
    ):
        assert browser.post(url, {"action": "off", "all": "1"}).status_code == 403, url
    assert (list(Character.objects.order_by("pk").values()), LoreEntry.objects.count()) == before
