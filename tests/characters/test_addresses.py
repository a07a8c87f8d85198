"""Addresses: made of names in any script, chosen, changed later, and found by the old one."""

import json

import pytest
from django.db import IntegrityError, transaction

from characters import addresses, catalog
from characters.exceptions import CharacterNotFound
from characters.models import Character, FormerAddress
from characters.versions import publishing
from sessions_app.identity import visitors
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Captain Marlow", "captain-marlow"),
        ("汉娜", "hanna"),
        ("Ёлка Иванова", "elka-ivanova"),
        ("さくら", "sakura"),
        ("한나", "hanna"),
        ("Zoë Åberg", "zoe-aberg"),
        ("مريم", "mrym"),
        ("Łukasz", "lukasz"),
        ("???", "character"),
        ("x" * 80, "x" * 40),
    ],
)
def test_a_name_in_any_script_gives_an_address(name, address):
    assert addresses.free(name) == address
    make_character(slug=address, published=False)
    assert addresses.free(name) == f"{address}-2"


@pytest.mark.django_db(transaction=True)
def test_an_old_address_leads_to_the_character_everywhere(client, admin_client):
    character = make_character()
    visitor = visitors.of_account(1)
    before = SyncSessionManager().create(character="marlow", visitor=visitor)
    assert client.get("/characters/marlow/").status_code == 200
    character.slug = "captain"
    character.save()
    for page in ("/characters/marlow/", "/talk/marlow/?session=x"):
        answer = client.get(page)
        assert (answer.status_code, answer["Location"]) == (302, page.replace("marlow", "captain"))
    assert admin_client.get("/talk/marlow/?draft")["Location"] == "/talk/captain/?draft="
    assert catalog.get("marlow").slug == catalog.draft("marlow").slug == "captain"
    assert catalog.version("marlow", 1).name == "Captain Marlow"
    assert VoiceSession.objects.get(pk=before.id).character_id == "captain"
    assert SyncSessionManager().create(character="marlow", visitor=visitor).character == "captain"
    asked = {"transport": "websocket", "body": {"character": "marlow"}}
    answer = client.post("/api/start", json.dumps(asked), content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert "captain" in {player.slug for player in client.get("/").context["players"]}


def test_an_address_that_was_somebodys_is_nobody_elses_and_may_be_taken_back(admin_client):
    character = make_character()
    character.slug = "captain"
    character.save()
    assert addresses.free("Marlow") == "marlow-2"
    url = "/admin/characters/character/add/"
    page = admin_client.post(url, {"name": "X", "slug": "marlow", "language": "en"})
    assert "links lead there" in page.content.decode()
    character.slug = "marlow"
    character.save()
    assert list(FormerAddress.objects.values_list("slug", flat=True)) == ["captain"]
    assert catalog.get("captain").slug == "marlow"
    publishing.withdraw(character)
    character.delete()
    assert not FormerAddress.objects.exists()
    with pytest.raises(CharacterNotFound):
        catalog.get("captain")


def test_who_knows_a_character_by_an_old_address_hears_of_its_changes(
    monkeypatch, django_capture_on_commit_callbacks
):
    told: list[str] = []

    def hear(slug, **_):
        told.append(slug)

    from characters.signals import character_changed

    character_changed.connect(hear)
    character = make_character()
    character.slug = "captain"
    character.save()
    with django_capture_on_commit_callbacks(execute=True):
        character.greeting = "Ahoy again."
        character.save()
        publishing.publish(character)
    assert sorted(set(told)) == ["captain", "marlow"]
    character_changed.disconnect(hear)


def test_an_address_is_not_taken_twice():
    make_character(published=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Character.objects.create(slug="marlow", name="Y")
    assert Character.objects.count() == 1
