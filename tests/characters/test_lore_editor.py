"""The editor of lorebooks, asked as its page asks it, of a character and of a shared book alike."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile

from characters import content
from characters.models import Character, Lorebook, LoreEntry
from characters.versions import publishing
from tests.characters.factory import make_character, make_lorebook

pytestmark = pytest.mark.django_db
JSON = {"headers": {"Accept": "application/json"}}
ENTRIES = [
    {"name": "Kraken", "keys": ["kraken", "squid"], "content": "It sleeps under the quay."},
    {"name": "", "keys": ["龙王"], "content": "The dragon king."},
    {"name": "Rum", "keys": ["rum"], "content": "He drinks.", "enabled": False, "comment": "Ask Ann."},
]


class Desk:
    """One editor before one lorebook."""

    def __init__(self, client: Any, owner: Character | Lorebook):
        self.client, self.owner = client, owner
        self.base = f"/admin/characters/{owner._meta.model_name}/{owner.pk}/lore/"

    def rows(self, **query: Any) -> Any:
        return self.client.get(f"{self.base}rows/", query).json()

    def titles(self, **query: Any) -> list[str]:
        return [row["title"] for row in self.rows(**query)["rows"]]

    def ids(self) -> list[int]:
        return [row["id"] for row in self.rows()["rows"]]

    def do(self, action: str, *places: int, **more: Any) -> Any:
        rows = self.rows()["rows"]
        chosen = {"id": [rows[n]["id"] for n in places], "revision": [rows[n]["revision"] for n in places]}
        return self.client.post(f"{self.base}do/", {"action": action, **chosen, **more})

    def typed(self, pk: int) -> dict[str, Any]:
        """What the form of an entry would send as it is."""
        page = self.client.get(f"{self.base}{pk}/?fragment")
        form = page.context["form"]
        sent = {bound.html_name: bound.value() for bound in form}
        flat = {name: "" if value in (None, False) else value for name, value in sent.items()}
        return {**flat, "revision": page.context["row"].revision}

    def save(self, pk: int, typed: dict[str, Any]) -> Any:
        return self.client.post(f"{self.base}{pk}/" if pk else f"{self.base}new/", typed, **JSON)


@pytest.fixture(params=["character", "lorebook"])
def desk(request, admin_client):
    if request.param == "character":
        return Desk(admin_client, make_character(lore=ENTRIES))
    return Desk(admin_client, make_lorebook(entries=ENTRIES))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["Kraken", "龙王", "Rum"]),
        ("KRAK", ["Kraken"]),
        ("squid quay", ["Kraken"]),
        ("squid rum", []),
        ("龙", ["龙王"]),
        ("dragon", ["龙王"]),
        ("ann", ["Rum"]),
        ("%", []),
    ],
)
def test_a_search_finds_by_name_keys_and_content(desk, text, found):
    assert desk.titles(q=text) == found


def test_an_entry_is_saved_by_itself_and_the_draft_is_another_one(desk):
    kraken, dragon, _rum = desk.ids()
    typed = {**desk.typed(kraken), "content": "It wakes.\r\nIt looks.", "keys": "kraken\r\n/squids?/i"}
    answer = desk.save(kraken, typed)
    assert answer.status_code == 200, answer.content
    assert answer.json()["row"]["revision"] == 2
    row = LoreEntry.objects.get(pk=kraken)
    assert (row.content, row.keys) == ("It wakes.\nIt looks.", ["kraken", "/squids?/i"])
    if isinstance(desk.owner, Character):
        desk.owner.refresh_from_db()
        assert desk.owner.digest == content.digest_of(content.of(desk.owner))
        assert desk.owner.digest != desk.owner.published.digest
    assert desk.save(dragon, desk.typed(dragon)).json()["row"]["revision"] == 1, "nothing was changed"


def test_a_new_entry_comes_last(desk):
    answer = desk.save(
        0, {"name": "New", "keys": "n", "content": "N", "enabled": "on", "insertion_order": "5"}
    )
    assert answer.status_code == 200, answer.content
    assert desk.titles() == ["Kraken", "龙王", "Rum", "New"]
    assert content.rows_of(desk.owner).last().insertion_order == 5


def test_two_editors_of_one_entry_see_both_texts_and_of_two_entries_nothing(desk):
    kraken, dragon, _rum = desk.ids()
    mine, theirs, elsewhere = desk.typed(kraken), desk.typed(kraken), desk.typed(dragon)
    assert desk.save(kraken, {**theirs, "content": "THEIRS", "constant": "on"}).status_code == 200
    assert desk.save(dragon, {**elsewhere, "content": "Elsewhere."}).status_code == 200
    refused = desk.save(kraken, {**mine, "content": "MINE"})
    assert refused.status_code == 409
    conflict = {one.name: (one.mine, one.theirs, one.value) for one in refused.context["conflict"]}
    assert conflict == {"content": ("MINE", "THEIRS", "THEIRS"), "constant": ("no", "yes", "on")}
    page = refused.content.decode()
    assert ">MINE</textarea>" in page.replace("\n", "")
    assert 'name="revision" value="2"' in page
    assert LoreEntry.objects.get(pk=kraken).content == "THEIRS"
    assert desk.save(kraken, {**mine, "content": "MINE", "revision": 2}).status_code == 200
    assert LoreEntry.objects.get(pk=kraken).content == "MINE"
    same = desk.save(kraken, {**mine, "content": "MINE", "revision": 1})
    assert same.status_code == 200, "whoever saves the same is not asked"


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(desk):
    kraken = desk.ids()[0]
    typed = {**desk.typed(kraken), "keys": "\n".join(map(str, range(201))), "rules": "luck: 3"}
    answer = desk.save(kraken, typed)
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {"keys", "rules"}
    assert "At most 200" in answer.content.decode()
    assert "luck: 3" in answer.content.decode()
    assert LoreEntry.objects.get(pk=kraken).revision == 1


def test_an_entry_that_is_gone_keeps_what_was_typed(desk):
    kraken = desk.ids()[0]
    typed = {**desk.typed(kraken), "content": "Typed for long."}
    desk.do("delete", 0)
    answer = desk.save(kraken, typed)
    assert answer.status_code == 410
    assert "Typed for long." in answer.content.decode()
    assert f'action="{desk.base}new/"' in answer.content.decode()


def test_entries_are_moved_copied_switched_and_deleted(desk):
    first, second, third = desk.ids()
    assert desk.do("move", 2, before=first).json()["said"] == "Moved to place 1."
    assert desk.ids() == [third, first, second]
    desk.do("move", 0)
    assert desk.ids() == [first, second, third]
    copied = desk.do("copy", 0).json()
    assert desk.titles() == ["Kraken", "Kraken (copy)", "龙王", "Rum"]
    assert copied["open"] == desk.ids()[1]
    copy = LoreEntry.objects.get(pk=copied["open"])
    assert (copy.keys, copy.content) == (["kraken", "squid"], "It sleeps under the quay.")
    assert copy.uid != LoreEntry.objects.get(pk=first).uid
    desk.do("off", all="1")
    assert not any(row["enabled"] for row in desk.rows()["rows"])
    desk.do("on", all="1", q="kraken")
    assert [row["enabled"] for row in desk.rows()["rows"]] == [True, True, False, False]
    assert desk.do("dance").status_code == 400


def test_what_was_deleted_comes_back_as_it_was_once(desk):
    before = content.entries_of(content.rows_of(desk.owner))
    undo = desk.do("delete", 0, 2).json()["undo"]
    assert desk.titles() == ["龙王"]
    desk.do("restore", undo=undo)
    assert content.entries_of(content.rows_of(desk.owner)) == before
    desk.do("restore", undo=undo)
    assert len(desk.ids()) == 3
    assert desk.do("restore", undo="made up").status_code == 400


def test_an_entry_that_came_back_is_tried_once(admin_client):
    desk = Desk(admin_client, make_character(lore=ENTRIES))
    prompt = "/admin/characters/character/rehearse/prompt/"

    def tried() -> list[str]:
        asked = {"_character": desk.owner.pk, "_entry": desk.ids()[0], "_entry-keys": "kraken"}
        found = admin_client.post(prompt, {**asked, "_entry-name": "Typed", "_talk": "kraken"}).json()["lore"]
        return [entry["title"] for entry in found["entries"]]

    before = tried()
    undo = desk.do("delete", 0).json()["undo"]
    desk.do("restore", undo=undo)
    assert tried() == before


def test_an_entry_that_somebody_has_changed_since_it_was_listed_is_not_deleted(desk):
    rows = desk.rows()["rows"]
    desk.save(rows[0]["id"], {**desk.typed(rows[0]["id"]), "content": "Much work."})
    seen = {"id": [row["id"] for row in rows], "revision": [row["revision"] for row in rows]}
    answer = desk.client.post(f"{desk.base}do/", {"action": "delete", **seen}).json()
    assert "Somebody has changed these meanwhile; they are kept: “Kraken”." in answer["said"]
    assert desk.titles() == ["Kraken"]


def test_it_works_without_a_script(desk):
    page = desk.client.get(desk.base, {"q": "kraken"}).content.decode()
    kraken = desk.ids()[0]
    assert f'href="{desk.base}{kraken}/"' in page
    assert "1 of 3 entries" in page
    assert "<form" in desk.client.get(f"{desk.base}{kraken}/").content.decode()
    answer = desk.client.post(f"{desk.base}{kraken}/", {**desk.typed(kraken), "content": "Plain."})
    assert (answer.status_code, answer["Location"]) == (302, desk.base)
    assert LoreEntry.objects.get(pk=kraken).content == "Plain."


def test_entries_of_others_are_out_of_reach(desk):
    other = make_character(slug="other", lore=ENTRIES)
    theirs = other.lore.first()
    assert desk.client.get(f"{desk.base}{theirs.pk}/").status_code == 410
    desk.client.post(f"{desk.base}do/", {"action": "delete", "id": [theirs.pk]})
    assert other.lore.count() == 3


@pytest.mark.parametrize(("role", "reads"), [("Moderator", True), ("Operator", True), (None, False)])
def test_who_does_not_write_may_read_at_most(client, django_user_model, role, reads):
    user = django_user_model.objects.create_user("x", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    for owner in (make_character(lore=ENTRIES), make_lorebook(entries=ENTRIES)):
        base = f"/admin/characters/{owner._meta.model_name}/{owner.pk}/"
        entry = content.rows_of(owner).first()
        for path in ("lore/", "lore/rows/", f"lore/{entry.pk}/", "lorebook/"):
            assert client.get(base + path).status_code == (200 if reads else 403), path
        for path in ("lore/do/", "lore/new/", f"lore/{entry.pk}/", "lorebook/"):
            assert client.post(base + path, {"action": "off", "all": "1"}).status_code == 403, path
    assert LoreEntry.objects.filter(enabled=True).count() == 4


def test_a_thousand_entries_are_a_light_page(admin_client, django_assert_max_num_queries):
    marlow = make_character(lore=[{"keys": [str(n)], "content": "word " * 300} for n in range(1000)])
    desk = Desk(admin_client, marlow)
    with django_assert_max_num_queries(30):
        form = admin_client.get(f"/admin/characters/character/{marlow.pk}/change/")
    assert len(form.content) < 200_000
    answer = admin_client.get(f"{desk.base}rows/")
    assert len(answer.content) < 40_000
    assert (answer.json()["next"], answer.json()["total"]) == (100, 1000)
    assert desk.rows(**{"from": 900})["next"] is None


def test_shared_books_are_taken_up_in_an_order_and_left_again(admin_client):
    marlow = make_character()
    sea, quay = make_lorebook(name="Sea", entries=ENTRIES), make_lorebook(name="Quay")
    books = f"/admin/characters/character/{marlow.pk}/lore/books/"

    def share(do: str, book: Lorebook) -> list[str]:
        answer = admin_client.post(f"{books}?fragment", {"do": do, "book": book.pk})
        return [use.book.name for use in answer.context["lore_books"]]

    assert share("add", sea) == ["Sea"]
    assert share("add", sea) == ["Sea"]
    assert share("add", quay) == ["Sea", "Quay"]
    assert share("up", quay) == ["Quay", "Sea"]
    assert share("up", quay) == ["Quay", "Sea"]
    assert share("down", quay) == ["Sea", "Quay"]
    marlow.refresh_from_db()
    assert marlow.digest != marlow.published.digest
    page = admin_client.get(f"/admin/characters/character/{marlow.pk}/change/").content.decode()
    assert f"/admin/characters/lorebook/{sea.pk}/change/" in page
    assert share("remove", sea) == ["Quay"]
    assert admin_client.post(books, {"do": "remove", "book": quay.pk}).status_code == 302
    marlow.refresh_from_db()
    assert marlow.digest == marlow.published.digest


def test_a_shared_book_has_a_page_that_says_who_uses_it_and_publishes_them(admin_client):
    book = make_lorebook(name="Harbour", entries=ENTRIES)
    marlow, ada, draft = (make_character(slug=slug, name=slug.title()) for slug in ("marlow", "ada", "bo"))
    publishing.withdraw(draft)
    for character in (marlow, ada, draft):
        content.share(character, [book])
        publishing.changed_draft(character)
    ada.greeting = "Other."
    ada.save()
    publishing.changed_draft(ada)
    base = f"/admin/characters/lorebook/{book.pk}/"
    assert "Harbour" in admin_client.get("/admin/characters/lorebook/").content.decode()
    page = admin_client.get(f"{base}change/").content.decode()
    assert page.count("changes to publish") == 2
    shown = admin_client.get(f"{base}publish/").content.decode()
    assert "has other changes, too" in shown
    assert "not on stage yet" in shown
    assert shown.count(" checked") == 1, "the one in which nothing else has changed"
    for character in (marlow, ada, draft):
        character.refresh_from_db()
    seen = [f"{marlow.pk}:{marlow.digest}", f"{ada.pk}:a-digest-of-yesterday"]
    said = admin_client.post(f"{base}publish/", {"character": seen, "note": "Quay"}, follow=True)
    assert "On stage with this lorebook as it is now: Marlow." in said.content.decode()
    assert "Somebody has changed the draft" in said.content.decode()
    assert marlow.versions.first().note == "Quay"
    assert ada.versions.count() == 1
    desk = Desk(admin_client, book)
    desk.do("delete", 0)
    marlow.refresh_from_db()
    assert marlow.digest != marlow.published.digest
    admin_client.post(f"{base}delete/", {"post": "yes"})
    assert not Lorebook.objects.exists()
    marlow.refresh_from_db()
    assert marlow.digest == content.digest_of(content.of(marlow))


def test_a_books_rules_are_edited_on_its_page_and_reach_who_uses_it(admin_client):
    answer = admin_client.post(
        "/admin/characters/lorebook/add/", {"name": "Sea", "lore_recursive": "unknown"}
    )
    assert answer.status_code == 302, answer.context["adminform"].errors
    book, marlow = Lorebook.objects.get(), make_character()
    content.share(marlow, [book])
    publishing.changed_draft(marlow)
    publishing.publish(marlow)
    typed = {"name": "Sea", "lore_token_budget": "900", "lore_recursive": "unknown"}
    admin_client.post(f"/admin/characters/lorebook/{book.pk}/change/", typed)
    marlow.refresh_from_db()
    assert content.draft_spec(marlow).book.token_budget == 900
    assert marlow.digest != marlow.published.digest


def test_a_shared_book_is_brought_in_and_saved_as_a_file(admin_client):
    book = make_lorebook(name="Harbour", entries=ENTRIES[:1])
    base = f"/admin/characters/lorebook/{book.pk}/lorebook/"
    given = {"name": "Sea", "scan_depth": 3, "entries": [{"keys": ["sea"], "content": "It is deep."}]}
    file = SimpleUploadedFile("sea.json", json.dumps({"spec": "lorebook_v3", "data": given}).encode())
    said = admin_client.post(base, {"file": file}, follow=True).content.decode()
    assert "1 entries of a lorebook (Character Card V3) are in this one now." in said
    assert [entry.content for entry in book.entries.all()] == ["It sleeps under the quay.", "It is deep."]
    saved = admin_client.get(f"{base}export/?format=lorebook-v3")
    assert saved["Content-Disposition"] == 'attachment; filename="harbour-lorebook-v3.json"'
    data = json.loads(saved.content)["data"]
    assert (data["name"], data["scan_depth"], len(data["entries"])) == ("Harbour", 3, 2)
