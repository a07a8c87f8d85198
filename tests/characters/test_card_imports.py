# ruff: noqa: E501
"""Importing: each file is told what became of it, a name that is there is a question, nobody is in the way."""

import json
import threading
from contextlib import suppress
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, connections

from characters import cards
from characters import report as reports
from characters.admin.forms import CharacterForm, TextsField
from characters.content import draft_spec
from characters.lore.decorators import parse
from characters.models import Character
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db
IMPORT = "/admin/characters/character/import/"


def card(name: str = "Tess", **data: Any) -> bytes:
    known = {"name": name, "description": "A ferrywoman.", "first_mes": "Good evening.", **data}
    return json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": known}).encode()


def drop(client: Any, *files: bytes, **more: str) -> list[dict[str, Any]]:
    brought = [SimpleUploadedFile(f"{number}.json", data) for number, data in enumerate(files)]
    answer = client.post(IMPORT, {"cards": brought, **more})
    assert answer.status_code == 200
    return answer.json()["cards"]


def test_any_number_of_files_in_one_drop(admin_client):
    report = drop(admin_client, *(card(f"Tess {number}") for number in range(130)))
    assert len(report) == 130
    assert not [one for one in report if "error" in one]
    assert Character.objects.count() == 130


def test_a_name_that_is_there_asks_and_does_nothing_until_it_is_answered(admin_client):
    there = make_character(slug="tess", name="Tess", published=False)
    (asked,) = drop(admin_client, card("TESS"))
    assert asked["question"] == {
        "name": "TESS",
        "address": "tess-2",
        "characters": [{"pk": there.pk, "name": "Tess", "address": "tess"}],
    }
    assert Character.objects.count() == 1
    (updated,) = drop(admin_client, card("TESS"), choice=f"update:{there.pk}")
    assert (updated["updated"], updated["address"], Character.objects.get().name) == (True, "tess", "TESS")
    (new,) = drop(admin_client, card("TESS"), choice="new", address="ferry")
    assert (new["updated"], new["address"]) == (False, "ferry")
    (gone,) = drop(admin_client, card(), choice="update:999999")
    assert "not there any more" in gone["error"]
    (taken,) = drop(admin_client, card(), choice="new", address="ferry")
    assert "Choose another" in taken["error"]
    (wrong,) = drop(admin_client, card(), choice="new", address="no/address")
    assert "letters, digits" in wrong["error"]


def test_the_report_says_what_was_understood_kept_and_left_out_once_each(admin_client):
    entries = [
        {
            "keys": ["a"],
            "content": f"@@is_user_icon x\n{number} {{{{img::a}}}}",
            "extensions": {},
            "enabled": True,
        }
        for number in range(43)
    ]
    data = card(
        first_mes="Guten Abend, ich fahre die Fähre über den Fluss. {{img::happy}} {{img::happy}}",
        mes_example="I talk like this.",
        tags=3,
        alternate_greetings=["Hallo."],
        group_only_greetings=["All!"],
        extensions={"chub": {"id": 1}, "world": "Eldoria", "depth_prompt": {"prompt": "x"}},
        character_book={"entries": entries},
        assets=[
            {"type": "icon", "uri": "https://example.com/a", "name": "main", "ext": "png"},
            {"type": "emotion", "uri": "https://example.com/b", "name": "b", "ext": "png"},
        ],
        odd_key=[1],
    )
    report = drop(admin_client, data)[0]["report"]
    understood, kept, left = report["understood"], report["without_effect"], report["left_out"]
    assert understood[0].startswith("Character Card V3 (JSON): description, greeting, examples")
    assert "43 entries of lore" in understood[0]
    assert "1 other greeting" in understood[0]
    assert understood[1] == "Language: German, guessed from its text."
    whole = " ".join(kept)
    for word in (
        "chub",
        "odd_key",
        "Greetings for groups",
        "emotion",
        "{{img::happy}}",
        "{{img::a}}",
        "1 example names no speaker",
    ):
        assert whole.count(word) == 1, word
    assert "Eldoria" not in whole, "its lore is in the file"
    assert any("not fetched" in sentence for sentence in left)
    assert any("Tags: it is no list" in sentence for sentence in left)
    assert all(len(set(part)) == len(part) for part in (understood, kept, left))
    assert Character.objects.get().language == "de"


def test_a_world_that_is_not_in_the_file_is_named():
    report = cards.read(card(extensions={"world": "Eldoria"})).report
    assert any("Eldoria" in sentence for sentence in report.without_effect)


LANGUAGES = {
    "zh": "晚上好，上船吧，我带你过河。",
    "ja": "こんばんは、船に乗ってください。",
    "ko": "안녕하세요, 배에 타세요.",
    "ru": "Добрый вечер, я перевозчица на этой реке.",
    "uk": "Добрий вечір, я перевізниця на цій річці.",
    "fr": "Bonsoir, je suis la passeuse de cette rivière.",
    "es": "Buenas noches, soy la barquera de este río.",
    "pl": "Dobry wieczór, jestem przewoźniczką na tej rzece.",
    "en": "Good evening, I am the ferrywoman of this river.",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_language_is_guessed_from_the_text_and_said(code):
    read = cards.read(card(description="", first_mes=f"*{{{{char}}}}* {LANGUAGES[code]}"))
    assert read.fields["language"] == code
    assert any("guessed" in sentence for sentence in read.report.understood)


def test_a_language_that_the_card_says_is_not_guessed_and_one_that_cannot_be_told_is_said():
    said = cards.read(card(first_mes=LANGUAGES["fr"], extensions={"greenroom": {"language": "it"}}))
    assert said.fields["language"] == "it"
    nothing = cards.read(card(description="", first_mes="Hm."))
    assert nothing.fields["language"] == "en"
    assert any("could not be told" in sentence for sentence in nothing.report.understood)


def test_rehearsal_and_publishing_say_the_same_as_the_import(admin_client):
    lore = [{"keys": ["x"], "content": "{{img::x}}"}]
    character = make_character(
        published=False, description="{{nonsense}} {{user}}", examples="Aye.", lore=lore
    )
    remarks = reports.of(draft_spec(character)).remarks
    assert "{{nonsense}}, {{img::x}}" in remarks[0]
    page = admin_client.get(f"/admin/characters/character/{character.pk}/publish/").content.decode()
    assert "{{nonsense}}, {{img::x}}" in page
    assert "names no speaker" in page


@pytest.mark.django_db(transaction=True)
def test_imports_of_one_name_at_the_same_moment_all_arrive():
    made, wrong = [], []
    ready = threading.Barrier(6)

    def bring() -> None:
        try:
            read = cards.read(card())
            ready.wait(20)
            made.append(cards.store(read).slug)
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert sorted(made) == ["tess", *(f"tess-{number}" for number in range(2, 7))]
    assert connection.vendor == "postgresql"


# --- the command ---


def run(*arguments: Any) -> None:
    with suppress(SystemExit):
        call_command("import_characters", *map(str, arguments))


def test_the_command_says_which_and_does_neither_unless_it_is_told(tmp_path, capsys):
    there = make_character(slug="tess", name="Tess", published=False)
    file = tmp_path / "whatever.json"
    file.write_bytes(card())
    with pytest.raises(SystemExit):
        call_command("import_characters", str(file))
    assert "Tess is there already (tess): say --update or --new." in capsys.readouterr().out
    assert Character.objects.get().description == there.description
    run(file, "--update")
    assert Character.objects.get().description == "A ferrywoman."
    run(file, "--new", "--address", "ferry")
    assert Character.objects.filter(slug="ferry").exists()
    run(file, "--update")
    assert "Several characters are called Tess (" in capsys.readouterr().err


def test_an_update_at_an_address_writes_over_nobody_elsewhere(tmp_path):
    make_character(slug="tess", name="Tess", description="The first.", published=False)
    file = tmp_path / "whatever.json"
    file.write_bytes(card())
    run(file, "--update", "--address", "ferry")
    assert Character.objects.get(slug="tess").description == "The first."
    assert Character.objects.get(slug="ferry").description == "A ferrywoman."
    Character.objects.filter(slug="ferry").update(description="Changed.")
    run(file, "--update", "--address", "ferry")
    assert Character.objects.get(slug="ferry").description == "A ferrywoman."
    assert Character.objects.count() == 2


def test_an_update_of_nobody_becomes_a_character_at_the_address_of_the_file(tmp_path):
    file = tmp_path / "the-ferry.json"
    file.write_bytes(card())
    run(file, "--update")
    assert Character.objects.get().slug == "the-ferry"


@pytest.mark.parametrize(
    "name", ["tess-moll.json", "Tess Moll.json", "tess-moll (1).json", "Tess-Moll copy.json", "old.json"]
)
def test_an_update_finds_the_character_whatever_the_file_is_called_like(name, tmp_path):
    character = make_character(slug="old", name="Somebody", published=False)
    character.slug = "tess-moll"
    character.save()
    (tmp_path / name).write_bytes(card("Other Name"))
    run(tmp_path / name, "--update")
    assert Character.objects.get().name == "Other Name"


def test_a_card_that_cannot_be_published_is_a_draft_and_says_so_once(tmp_path, capsys):
    (tmp_path / "a.json").write_bytes(card(first_mes=""))
    run(tmp_path, "--publish")
    run(tmp_path, "--publish")
    said = capsys.readouterr().out
    assert "a draft and not on stage. Tess has no greeting" in said
    assert "1 imported, 0 refused, 1 not published." in said
    assert Character.objects.count() == 1, "a second run does not double it"


# --- the form ---


@pytest.mark.parametrize(
    "items", [["The first.\n---\nThe second.", "Another."], ["---"], ["a\n\\---\nb", "\\\\---"]]
)
def test_a_rule_within_a_greeting_does_not_split_it(items):
    field = TextsField()
    assert field.clean(field.prepare_value(items)) == items
    assert not field.has_changed(items, field.prepare_value(items))


def test_white_space_around_a_text_stays(db):
    form = CharacterForm(instance=make_character(published=False))
    for name in ("personality", "description", "greeting", "examples", "system_prompt"):
        assert form.fields[name].clean(" Kind. \n") == " Kind. \n"


def test_keys_may_be_added_several_times():
    read, _ = parse("@@additional_keys a, b\n@@additional_keys c\n@@exclude_keys x\n@@exclude_keys y\nText")
    assert (read.additional_keys, read.exclude_keys) == (("a", "b", "c"), ("x", "y"))


def test_case_that_is_null_hides_nothing():
    entry = {"keys": ["a"], "content": "b", "case_sensitive": None, "extensions": {"case_sensitive": True}}
    (read,) = cards.read(card(character_book={"entries": [entry]})).fields["lore"]
    assert read["case_sensitive"] is True
