"""Versions: published once, never changed, compared, and gone back to."""

import pytest
from django.db import DatabaseError, transaction

from characters import content
from characters.exceptions import NotPublishable, VersionImmutable
from characters.models import Character, CharacterVersion
from characters.versions import differences, publishing
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db


def edit(character: Character, **fields) -> Character:
    for name, value in fields.items():
        setattr(character, name, value)
    character.save()
    publishing.changed_draft(character)
    return character


def test_each_publish_is_a_version_with_a_note_and_a_name(admin_user):
    character = make_character()
    edit(character, greeting="Hello.")
    second = publishing.publish(character, note="Friendlier", author=admin_user)
    assert (second.number, second.note, second.author) == (2, "Friendlier", admin_user)
    assert [version.number for version in character.versions.all()] == [2, 1]
    assert publishing.publish(character).number == 2, "nothing new is no new version"


def test_a_version_cannot_be_changed_by_anybody():
    version = make_character().versions.get()
    version.note = "Rewritten"
    with pytest.raises(VersionImmutable):
        version.save()
    for change in ({"note": "Rewritten"}, {"content": {}}, {"number": 9}):
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            CharacterVersion.objects.filter(pk=version.pk).update(**change)


def test_a_version_outlives_the_account_of_its_author(django_user_model):
    author = django_user_model.objects.create_user("writer")
    character = edit(make_character(), greeting="Hello.")
    version = publishing.publish(character, author=author)
    author.delete()
    version.refresh_from_db()
    assert version.author is None


def test_lore_belongs_to_the_version_and_comes_back_with_it():
    character = make_character(lore=[{"keys": ["kraken"], "content": "It sleeps."}])
    content.replace_lore(character, [])
    edit(character, greeting="Hello.")
    publishing.publish(character)
    first = character.versions.get(number=1)
    third = publishing.roll_back(character, first)
    character.refresh_from_db()
    assert (third.number, third.note) == (3, "Back to version 1")
    assert third.digest == first.digest
    assert character.greeting == "Ahoy, {{user}}."
    assert character.lore.get().content == "It sleeps."


def test_what_somebody_else_changed_meanwhile_is_not_published_blindly():
    character = make_character()
    seen = character.digest
    edit(character, greeting="By somebody else.")
    with pytest.raises(NotPublishable, match="Somebody has changed"):
        publishing.publish(character, digest=seen)
    assert character.versions.count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"greeting": " "}, "write the first words"),
        ({"tts_provider": "nobody"}, "There is no provider 'nobody'"),
        ({"tts_provider": "local", "language": "de"}, "no voice for this language"),
        ({"description": "word " * 5000}, "tokens"),
    ],
)
def test_what_could_not_play_is_not_published(fields, sentence):
    character = edit(make_character(published=False), **fields)
    with pytest.raises(NotPublishable, match=sentence):
        publishing.publish(character)


def test_differences_are_told_word_by_word():
    character = make_character(lore=[{"name": "Kraken", "keys": ["kraken"], "content": "It sleeps."}])
    old = character.versions.get().content
    character.lore.update(content="It wakes.")
    edit(character, greeting="Ahoy, dear {{user}}.")
    greeting, lore = differences.between(old, content.of(character))
    assert greeting.title == "greeting"
    assert [(piece.kind, piece.text) for piece in greeting.pieces if piece.kind != "same"] == [
        ("new", "dear ")
    ]
    assert lore.title == "lore “Kraken”, content"
    assert [(piece.kind, piece.text) for piece in lore.pieces if piece.kind != "same"] == [
        ("gone", "sleeps"),
        ("new", "wakes"),
    ]
    assert differences.between(old, old) == []
    assert len(differences.between(None, old)) > 3


def test_an_entry_is_compared_with_itself_whatever_it_is_called():
    lore = [{"name": name, "keys": [name], "content": f"Of {name}."} for name in ("Quay", "Rum", "Rum")]
    character = make_character(lore=lore)
    old = character.versions.get().content
    quay, rum, _other = character.lore.all()
    character.lore.filter(pk=quay.pk).update(name="The quay", order=9)
    character.lore.filter(pk=rum.pk).delete()
    found = differences.between(old, content.of(character))
    assert [change.title for change in found] == [
        "lore “The quay”, name",
        "lore “Rum”, keys",
        "lore “Rum”, content",
    ]
    # Versions of before entries had an identity are compared by title.
    for entry in old["lore"]:
        del entry["uid"]
    character.lore.filter(name="Rum").update(content="Changed.")
    assert "lore “Rum”, content" in [
        change.title for change in differences.between(old, content.of(character))
    ]


def test_a_difference_reads_like_a_sentence():
    old = {"greeting": "Oh good, you are here. I am Ada."}
    new = {
        **{name: "" for name in ("avatar", *content.FIELDS)},
        **content.LATER,
        "greeting": "This is a draft. I am Ada.",
        "lore": [],
    }
    (change,) = differences.between(old, new)
    assert [(piece.kind, piece.text) for piece in change.pieces] == [
        ("gone", "Oh good, you are here"),
        ("new", "This is a draft"),
        ("same", ". I am Ada."),
    ]


def test_a_version_from_before_a_setting_has_it_as_a_new_character_does_and_is_no_other_one():
    character = make_character()
    first = character.versions.get()
    assert "picks_up" not in first.content
    assert content.draft_spec(character).picks_up is True
    second = publishing.publish(edit(character, picks_up=False))
    assert content.draft_spec(character).picks_up is False
    (change,) = differences.between(first.content, second.content)
    assert (change.title, [(p.kind, p.text) for p in change.pieces]) == (
        "picks up",
        [("gone", "yes"), ("new", "no")],
    )
    publishing.roll_back(character, first)
    character.refresh_from_db()
    assert character.picks_up is True
