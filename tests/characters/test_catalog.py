"""Characters are read from the cache, and forgotten the moment one changes."""

import pytest

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.versions import publishing
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db


def test_the_second_look_asks_no_database(django_assert_num_queries):
    make_character()
    first = catalog.get("marlow")
    with django_assert_num_queries(0):
        assert catalog.get("marlow") == first


def test_a_draft_changes_nothing_until_it_is_published(django_capture_on_commit_callbacks):
    character = make_character()
    catalog.get("marlow")
    character.greeting = "Hello."
    character.save()
    assert catalog.get("marlow").greeting == "Ahoy, {{user}}."
    assert catalog.draft("marlow").greeting == "Hello."
    with django_capture_on_commit_callbacks(execute=True):
        publishing.publish(character)
    assert catalog.get("marlow").greeting == "Hello."


def test_a_process_that_heard_of_a_version_does_not_take_an_older_one_from_the_cache():
    character = make_character()
    assert catalog.get("marlow").version == 1
    character.greeting = "Hello."
    character.save()
    publishing.publish(character)  # another process: our cache is not told
    assert catalog.get("marlow").version == 1
    assert catalog.get("marlow", at_least=2).greeting == "Hello."
    assert catalog.get("marlow").version == 2, "and then it is the cached one"


def test_old_versions_stay_readable():
    character = make_character()
    character.greeting = "Hello."
    character.save()
    publishing.publish(character)
    assert catalog.version("marlow", 1).greeting == "Ahoy, {{user}}."
    with pytest.raises(CharacterNotFound):
        catalog.version("marlow", 9)


def test_a_withdrawn_or_deleted_character_is_gone_at_once(django_capture_on_commit_callbacks):
    character = make_character()
    catalog.get("marlow")
    with django_capture_on_commit_callbacks(execute=True):
        publishing.withdraw(character)
    with pytest.raises(CharacterNotFound):
        catalog.get("marlow")


@pytest.mark.parametrize("slug", ["", "nobody", "a" * 3000, "nul\x00byte"])
def test_an_unknown_address_is_answered_with_a_sentence(slug):
    with pytest.raises(CharacterNotFound, match="no character"):
        catalog.get(slug)
