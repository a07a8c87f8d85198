"""One lorebook of several characters: told with their own, published with them, exported with them."""

import json
from typing import Any

import pytest

from characters import cards, catalog, content
from characters.lore import lorebook_of, scan
from characters.models import Character, Lorebook
from characters.spec import CharacterSpec
from characters.versions import differences, publishing, shared_books
from tests.characters.factory import make_character, make_lorebook

pytestmark = pytest.mark.django_db
HARBOUR = [
    {"name": "Quay", "keys": ["quay"], "content": "The quay is wet."},
    {"name": "Crane", "keys": ["crane"], "content": "The crane creaks."},
]


def users(*slugs: str, book: Lorebook) -> list[Character]:
    found = []
    for slug in slugs:
        character = make_character(slug=slug, name=slug.title(), lore=[{"keys": ["own"], "content": slug}])
        content.share(character, [*(use.book for use in character.shared.all()), book])
        publishing.changed_draft(character)
        found.append(character)
    return found


def told(character: Character, said: str) -> list[str]:
    now = content.of(character)
    return [entry.content for entry in scan(lorebook_of(now, now["lore"]), [said]).entries]


def on_stage(slug: str, said: str) -> list[str]:
    spec = CharacterSpec.of(slug, *catalog.load(slug))
    return [entry.content for entry in scan(spec.book, [said]).entries]


def rewrite(book: Lorebook, **entry: Any) -> None:
    content.replace_lore(book, [{**content.NEW_LORE, **HARBOUR[0], **entry}])
    shared_books.changed_book(book)


def test_what_is_shared_is_told_by_all_who_share_it_once_they_are_published():
    book = make_lorebook(entries=HARBOUR)
    marlow, ada = users("marlow", "ada", book=book)
    assert told(marlow, "my own quay") == ["marlow", "The quay is wet."]
    assert on_stage("marlow", "my own quay") == ["marlow"], "not published yet"
    for character in (marlow, ada):
        publishing.publish(character)
    assert on_stage("ada", "my own quay") == ["ada", "The quay is wet."]
    rewrite(book, content="The quay burns.")
    for character in (marlow, ada):
        character.refresh_from_db()
        assert character.digest != character.published.digest, "each has changes to publish"
    assert on_stage("ada", "quay") == ["The quay is wet."], "a version keeps the book as it was then"
    assert [(user.changed, user.otherwise) for user in shared_books.users_of(book)] == [(True, False)] * 2
    marlow.greeting = "Other."
    marlow.save()
    publishing.changed_draft(marlow)
    assert [user.otherwise for user in shared_books.users_of(book)] == [False, True]
    assert shared_books.waiting(book) == 2
    publishing.publish(ada)
    assert on_stage("ada", "quay") == ["The quay burns."]
    assert shared_books.waiting(book) == 1


def test_a_character_without_a_shared_book_has_the_content_and_digest_that_it_had():
    character = make_character(lore=[{"keys": ["kraken"], "content": "It sleeps."}])
    now = content.of(character)
    assert "books" not in now
    old = {**now, "lore": [{name: entry[name] for name in content.LORE_FIELDS} for entry in now["lore"]]}
    assert content.digest_of(old) == content.digest_of(now) == character.digest


@pytest.mark.parametrize(
    ("own", "books", "holds"),
    [
        ((None, None, None), [(None, None, None)], (6, 400, False)),
        ((None, None, None), [(2, 900, None), (9, 100, True)], (9, 900, True)),
        ((3, 50, False), [(2, 900, True)], (3, 50, False)),
    ],
)
def test_a_characters_own_rule_comes_before_its_books(own, books, holds):
    rules = ("lore_scan_depth", "lore_token_budget", "lore_recursive")
    character = make_character(**dict(zip(rules, own, strict=True)))
    made = [
        make_lorebook(name=str(number), entries=HARBOUR, **dict(zip(rules, said, strict=True)))
        for number, said in enumerate(books)
    ]
    content.share(character, made)
    book = content.draft_spec(character).book
    assert (book.scan_depth, book.token_budget, book.recursive) == holds
    assert [entry.number for entry in book.entries] == list(range(2 * len(books)))


def test_a_book_that_is_as_it_was_is_shared_again_and_one_that_is_not_comes_back_as_the_characters_own():
    book, other = make_lorebook(entries=HARBOUR), make_lorebook(name="Sea", entries=HARBOUR[:1])
    (marlow,) = users("marlow", book=book)
    content.share(marlow, [book, other])
    first = publishing.publish(marlow)
    content.share(marlow, [])
    content.replace_lore(marlow, [])
    publishing.publish(marlow)
    rewrite(book, content="The quay burns.")
    publishing.roll_back(marlow, first)
    assert [use.book for use in marlow.shared.all()] == [other]
    assert [entry.content for entry in marlow.lore.all()] == [
        "marlow", "The quay is wet.", "The crane creaks.",
    ]  # fmt: skip
    assert on_stage("marlow", "crane") == ["The crane creaks."]
    assert book.entries.get().content == "The quay burns.", "nobody else's book is touched"


def test_a_card_has_the_shared_entries_too():
    book = make_lorebook(entries=HARBOUR, lore_token_budget=900)
    (marlow,) = users("marlow", book=book)
    card = json.loads(cards.export(marlow, "v3-json").data)["data"]["character_book"]
    assert [entry["content"] for entry in card["entries"]] == [
        "marlow", "The quay is wet.", "The crane creaks.",
    ]  # fmt: skip
    assert card["token_budget"] == 900
    assert "uid" not in card["entries"][0]


def test_what_a_book_brings_is_a_difference():
    book = make_lorebook(name="Harbour", entries=HARBOUR)
    (marlow,) = users("marlow", book=book)
    changes = differences.between(marlow.published.content, content.of(marlow))
    assert [change.title for change in changes if "Quay" in change.title] == [
        "lore “Quay”, keys",
        "lore “Quay”, content",
    ]
    assert changes[0].pieces[0].text == "Harbour"


def test_entries_stay_the_same_rows_over_a_publish_a_roll_back_and_an_import():
    marlow = make_character(lore=[{"keys": [key], "content": key} for key in "abc"])
    rows = dict(marlow.lore.values_list("content", "pk"))
    first = marlow.published
    entries = content.of(marlow)["lore"]
    content.replace_lore(marlow, [entries[2], {**entries[0], "content": "A"}])
    publishing.changed_draft(marlow)
    assert list(marlow.lore.values_list("pk", "revision")) == [(rows["c"], 1), (rows["a"], 2)]
    publishing.publish(marlow)
    publishing.roll_back(marlow, first)
    assert [entry.pk for entry in marlow.lore.all()][::2] == [rows["a"], rows["c"]]
    assert [str(entry.uid) for entry in marlow.lore.all()] == [entry["uid"] for entry in entries]
    unmarked = [{name: entry[name] for name in content.LORE_FIELDS} for entry in entries]
    before = list(marlow.lore.values_list("pk", flat=True))
    content.replace_lore(marlow, unmarked[::-1])
    assert list(marlow.lore.values_list("pk", flat=True)) == before[::-1], "a card knows no identities"
