"""The bin: what is deleted leaves the stage, can come back for 30 days, and goes when nothing needs it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from characters import catalog, content
from characters.exceptions import CharacterNotFound
from characters.models import Character
from characters.versions import bin, duplicate
from sessions_app.expiry import sweep
from sessions_app.manager import SyncSessionManager
from tests.characters.factory import make_character
from tests.characters.test_desk import staff  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db
DESK = "/admin/characters/character/"


def test_an_operator_deletes_who_is_on_stage_and_has_conversations_and_an_editor_brings_it_back(staff):  # noqa: F811
    character = make_character()
    SyncSessionManager().create(character="marlow", visitor="anon:x")
    client = staff("Operator")
    page = client.get(f"{DESK}{character.pk}/delete/").content.decode()
    assert "Into the bin" in page
    assert client.post(f"{DESK}{character.pk}/delete/", {"post": "yes"}).status_code == 302
    row = Character.objects.get()
    assert (row.published, row.binned_at is None) == (None, False)
    with pytest.raises(CharacterNotFound):
        catalog.draft("marlow")
    assert "is in the bin, for 30 days" in client.get(DESK).content.decode()
    assert "Captain Marlow" not in client.get(DESK).content.decode()
    client = staff("Editor")
    found = client.get(f"{DESK}?state=binned").content.decode()
    assert "Captain Marlow" in found
    assert "restore_selected" in found
    form = client.get(f"{DESK}{character.pk}/change/").content.decode()
    assert "in the bin" in form
    said = client.post(f"{DESK}{character.pk}/publish/", follow=True).content.decode()
    assert "bring it back first" in said
    assert client.post(f"{DESK}{character.pk}/restore/").status_code == 302
    assert Character.objects.get().binned_at is None
    assert catalog.draft("marlow").name == "Captain Marlow"


def test_several_go_into_the_bin_and_come_back_by_actions(admin_client):
    chosen = {"_selected_action": [make_character(slug=slug).pk for slug in ("ada", "fenn")]}
    page = admin_client.post(DESK, {"action": "delete_selected", **chosen}).content.decode()
    assert "Into the bin" in page
    admin_client.post(DESK, {"action": "delete_selected", "post": "yes", **chosen})
    assert Character.objects.filter(binned_at=None).count() == 0
    admin_client.post(f"{DESK}?state=binned", {"action": "restore_selected", **chosen})
    assert Character.objects.filter(binned_at=None).count() == 2


@pytest.mark.parametrize("clean", [lambda: call_command("cleanup_sessions"), sweep])
def test_the_bin_is_emptied_after_30_days_of_what_no_conversation_needs(clean, capsys):
    days = {"fresh": 29, "old": 31, "talked-with": 31}
    for slug, ago in days.items():
        character = make_character(slug=slug, lore=[{"keys": ["x"]}])
        if slug == "talked-with":
            SyncSessionManager().create(character=slug, visitor="anon:x")
        bin.put(character, timezone.now() - timedelta(days=ago))
    clean()
    assert sorted(Character.objects.values_list("slug", flat=True)) == ["fresh", "talked-with"]


def test_a_moderator_neither_deletes_nor_brings_back(staff):  # noqa: F811
    character = make_character()
    client = staff("Moderator")
    for path in ("delete", "restore", "duplicate"):
        assert client.post(f"{DESK}{character.pk}/{path}/", {"post": "yes"}).status_code == 403, path


def test_a_copy_is_a_draft_with_everything_in_it(admin_client):
    character = make_character(lore=[{"keys": ["x"], "content": "y"}], tags=["sea"])
    character.assets.create(path="a.png", data=b"x")
    for slug in ("marlow-copy", "marlow-copy-2"):
        answer = admin_client.post(f"{DESK}{character.pk}/duplicate/")
        twin = Character.objects.get(slug=slug)
        assert answer["Location"] == f"{DESK}{twin.pk}/change/"
    assert (twin.name, twin.published, twin.tags) == ("Captain Marlow (copy)", None, ["sea"])
    assert [entry["content"] for entry in content.of(twin)["lore"]] == ["y"]
    assert twin.assets.get().path == "a.png"
    assert duplicate(twin).slug == "marlow-copy-2-copy"
