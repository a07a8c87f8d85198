"""A character of several languages: at the desk, in versions and cards, and as visitors read of it."""

import json

import pytest

from characters import content
from characters.admin.editing.stale_saves import SEEN, hash_of, seen_by
from characters.models import Character
from characters.pages import gallery
from characters.spec import CharacterSpec
from characters.versions import publishing
from tests.characters.factory import make_character
from tests.characters.test_admin import WRITTEN
from tests.characters.test_cards import as_json, out, stored
from tests.characters.test_desk import DESK, PLAYERS

pytestmark = pytest.mark.django_db
BOTH = {"other_languages": ["zh", "de"], "language_voices": {"zh": "zf_xiaobei"}}


def spoken(**fields) -> CharacterSpec:
    return content.draft_spec(make_character(**fields))


def test_the_main_language_comes_first_and_each_once():
    assert spoken(**BOTH).languages == ("en", "zh", "de")
    assert CharacterSpec(slug="m", name="M", language="zh", other_languages=("en", "zh")).languages == (
        "zh",
        "en",
    )


def test_in_another_language_it_has_the_voice_of_there():
    spec = spoken(voice="joe", voice_pitch=-3, **BOTH)
    chinese = spec.speaking("zh")
    assert (chinese.language, chinese.voice, chinese.voice_pitch) == ("zh", "zf_xiaobei", -3)
    assert spec.speaking("de").voice == "joe", "no voice was chosen: the same, or whoever can stand in for it"
    assert spec.speaking("ja") is spec
    assert chinese.speaking("en").languages == ("en", "zh", "de")


def test_other_languages_need_other_services():
    assert spoken(**BOTH).services != spoken(slug="other").services


def test_the_form_keeps_them_and_leaves_the_main_one_out(admin_client):
    typed = {
        **WRITTEN,
        **PLAYERS,
        "other_languages": ["en", "zh"],
        "language_voices": "zh: zf_xiaobei\nde : klara",
    }
    assert admin_client.post(f"{DESK}add/", typed).status_code == 302
    character = Character.objects.get()
    assert character.other_languages == ["zh"]
    assert character.language_voices == {"zh": "zf_xiaobei", "de": "klara"}
    page = admin_client.get(f"{DESK}{character.pk}/change/").content.decode()
    assert "de: klara\nzh: zf_xiaobei" in page


@pytest.mark.parametrize("typed", ["klingon: worf", "zh", "zh:"])
def test_a_voice_without_a_language_that_is_known_is_refused(admin_client, typed):
    answer = admin_client.post(f"{DESK}add/", {**WRITTEN, **PLAYERS, "language_voices": typed})
    assert "names no language and voice" in str(answer.context["adminform"].form.errors["language_voices"])


def test_a_save_beside_somebody_elses_can_take_their_languages(admin_client):
    """The boxes that are ticked are theirs then, also as the form shows them again."""
    character = make_character(**BOTH)
    told = seen_by(admin_client.get(f"{DESK}{character.pk}/change/").context["adminform"].form)
    Character.objects.filter(pk=character.pk).update(other_languages=["ja"])
    typed = {**WRITTEN, **PLAYERS, "other_languages": ["zh"], SEEN: json.dumps(told)}
    refused = admin_client.post(f"{DESK}{character.pk}/change/", typed)
    assert "Japanese" in refused.content.decode()
    typed["_take_other_languages"] = f"theirs:{hash_of(['ja'])}"
    admin_client.post(f"{DESK}{character.pk}/change/", typed)
    character.refresh_from_db()
    assert character.other_languages == ["ja"]


def test_a_version_keeps_them_and_gives_them_back():
    character = make_character(**BOTH)
    then = character.published.content
    character.other_languages, character.language_voices = [], {}
    character.save()
    publishing.publish(character)
    assert "other_languages" not in character.published.content, "the digests of those without stay"
    content.put_back(character, then)
    character.refresh_from_db()
    assert content.draft_spec(character).languages == ("en", "zh", "de")


def test_a_card_takes_them_along():
    card = out(make_character(**BOTH))
    ours = card["data"]["extensions"]["greenroom"]
    assert (ours["other_languages"], ours["language_voices"]) == (["zh", "de"], {"zh": "zf_xiaobei"})
    again = stored(as_json(card))
    assert (again.other_languages, again.language_voices) == (["zh", "de"], {"zh": "zf_xiaobei"})


@pytest.mark.parametrize("given", [["klingon"], {"klingon": "worf"}, 7, ["zh", "klingon"], True])
def test_a_card_that_asks_for_languages_nobody_knows_gets_none(given):
    card = out(make_character())
    card["data"]["extensions"]["greenroom"] |= {"other_languages": given, "language_voices": given}
    again = stored(as_json(card))
    assert again.other_languages == []
    assert again.language_voices == {}


def test_the_gallery_finds_a_character_by_each_of_its_languages(client):
    make_character(**BOTH)
    make_character(slug="ada", name="Ada")
    for asked, found in (("en", 2), ("zh", 1), ("de", 1), ("ja", 0)):
        page = client.get("/", {"language": asked}).content.decode()
        assert page.count('class="language"') == found, asked
    assert [code for code, _name in gallery.languages()] == ["en", "zh", "de"]


@pytest.mark.parametrize("path", ["/", "/characters/marlow/", "/talk/marlow/"])
def test_visitors_read_what_they_get(client, path):
    make_character(other_languages=["zh", "de"])
    page = client.get(path).content.decode()
    assert ">Speaks and understands English, Chinese and German.<" in page
    assert "data-foreign" not in page
    chinese = client.get(path, HTTP_ACCEPT_LANGUAGE="zh-CN").content.decode()
    assert "说英语、中文和德语，也听得懂英语、中文和德语。" in chinese
    assert "data-foreign" not in chinese


def test_pages_are_told_all_of_them():
    assert spoken(**BOTH).public() | {"portrait": ""} == {
        "slug": "marlow",
        "name": "Captain Marlow",
        "tagline": "",
        "portrait": "",
        "language": "en",
        "languages": ["en", "zh", "de"],
        "version": 0,
    }
