"""Characters can be written and published in the admin."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from characters import catalog
from characters.models import Character
from tests.characters.factory import make_character, picture

pytestmark = pytest.mark.django_db

WRITTEN = {
    "name": "Ada",
    "slug": "ada",
    "tagline": "Invents",
    "greeting": "Hello.",
    "voice_pitch": "4",
    "voice_speed": "1.1",
    "temperature": "0.5",
    "reply_sentences": "3",
    "language": "en",
}


def test_a_character_is_written_with_a_portrait_and_published(admin_client):
    portrait = SimpleUploadedFile("ada.png", picture())
    answer = admin_client.post("/admin/characters/character/add/", {**WRITTEN, "avatar": portrait})
    assert answer.status_code == 302, answer.context["adminform"].errors
    ada = Character.objects.get(slug="ada")
    with Image.open(io.BytesIO(ada.avatar.read())) as kept:
        assert (kept.format, kept.size) == ("WEBP", (768, 768))
    page = admin_client.get(f"/admin/characters/character/{ada.pk}/publish/")
    digest = page.context["form"].initial["digest"]
    said = {"note": "Her first evening", "digest": digest}
    assert admin_client.post(f"/admin/characters/character/{ada.pk}/publish/", said).status_code == 302
    assert catalog.get("ada").voice_pitch == 4
    page = admin_client.get("/")
    assert b"Ada" in page.content
    shown = admin_client.get(ada.avatar.url)
    assert shown["Content-Type"] == "image/webp"
    assert "immutable" in shown["Cache-Control"]


def test_publishing_without_a_greeting_is_refused_with_a_sentence(admin_client):
    character = make_character(published=False, greeting=" ")
    answer = admin_client.post(
        f"/admin/characters/character/{character.pk}/publish/",
        {"note": "", "digest": Character.objects.get().digest},
        follow=True,
    )
    assert "write the first words" in answer.content.decode()
    assert Character.objects.get().published is None


@pytest.mark.parametrize(
    "file",
    [b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\nnot really", picture((5000, 10))],
    ids=["svg", "lie", "huge"],
)
def test_what_is_no_sensible_picture_is_refused(admin_client, file):
    portrait = SimpleUploadedFile("ada.png", file)
    answer = admin_client.post("/admin/characters/character/add/", {**WRITTEN, "avatar": portrait})
    assert answer.status_code == 200
    assert not Character.objects.exists()


def test_actions_publish_and_withdraw(admin_client):
    character = make_character(published=False)
    url = "/admin/characters/character/"
    chosen = {"_selected_action": [character.pk]}
    admin_client.post(url, {"action": "publish_selected", **chosen})
    assert catalog.get("marlow")
    asked = admin_client.post(url, {"action": "withdraw_selected", **chosen})
    assert "Take off the stage" in asked.content.decode()
    assert Character.objects.get().published
    admin_client.post(url, {"action": "withdraw_selected", "sure": "1", **chosen})
    assert Character.objects.get().published is None


def test_the_address_of_a_character_can_be_changed(admin_client):
    character = make_character()
    page = admin_client.get(f"/admin/characters/character/{character.pk}/change/").content.decode()
    assert 'name="slug"' in page
    assert admin_client.get("/admin/characters/character/").status_code == 200


def test_the_gallery_shows_who_is_published_and_nobody_else(client):
    make_character()
    make_character(slug="secret", name="Hidden One", published=False)
    page = client.get("/").content.decode()
    assert "Captain Marlow" in page
    assert "Hidden One" not in page
    assert client.get("/talk/secret/").status_code == 404


def test_an_empty_room_says_how_to_write_a_first_character(client):
    assert "Nobody is in the room yet" in client.get("/").content.decode()


def test_nothing_a_character_says_becomes_markup(client):
    make_character(name="<script>alert(1)</script>", tagline='"><img src=x onerror=alert(1)>')
    for url in ("/", "/talk/marlow/", "/characters/marlow/"):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
