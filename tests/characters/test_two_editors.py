"""Two editors at one character: nothing that somebody wrote is lost, whoever saves, goes back or imports."""

import base64
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from characters import cards, content
from characters.models import Character, Lorebook, OpenForm
from characters.versions import bin, publishing
from tests.characters.factory import make_character, make_lorebook

pytestmark = pytest.mark.django_db
DESK = "/admin/characters/character/"


def shown(answer) -> str:
    return answer.content.decode()


def typed(page, **changes: str) -> dict[str, str]:
    """What a browser would send of a form that was opened, with some fields changed."""
    fields = {"_seen": page.context["seen"]}
    formsets = [inline.formset for inline in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form]
    for formset in formsets:
        forms += [formset.management_form, *formset.initial_forms]
    for form in forms:
        for field in form:
            value = field.value()
            if isinstance(value, list):
                value = [str(getattr(item, "pk", item)) for item in value]
            elif hasattr(value, "isoformat"):
                fields |= {
                    f"{field.html_name}_0": f"{value:%Y-%m-%d}",
                    f"{field.html_name}_1": f"{value:%H:%M:%S}",
                }
                continue
            if value is not None and value is not False and value not in ("", []) and field.name != "avatar":
                fields[field.html_name] = value if isinstance(value, list) else str(value)
    return fields | changes


def test_a_save_over_somebody_elses_is_refused_with_both_texts(admin_client):
    character = make_character(lore=[{"keys": ["x"], "content": "y"}], tagline="Sails")
    url = f"{DESK}{character.pk}/change/"
    mine, theirs = admin_client.get(url), admin_client.get(url)
    assert admin_client.post(url, typed(theirs, greeting="Theirs", tagline="Theirs too")).status_code == 302
    answer = admin_client.post(url, typed(mine, greeting="Mine", description="Only mine."))
    assert answer.status_code == 200
    found = {conflict.name: conflict for conflict in answer.context["conflicts"]}
    assert {name: (c.mine, c.theirs, c.choice) for name, c in found.items()} == {
        "greeting": ("Mine", "Theirs", ""),
        "tagline": ("Sails", "Theirs too", "theirs"),
    }
    page = shown(answer)
    assert "Saved last by admin" in page
    assert "Only mine." in page
    row = Character.objects.get()
    assert (row.greeting, row.description) == ("Theirs", ""), "nothing was saved"
    # Saving again without a decision is refused again; a decision about another state is none.
    again = typed(
        mine, greeting="Mine", description="Only mine.", _take_tagline=f"theirs:{found['tagline'].hash}"
    )
    assert admin_client.post(url, again).context["conflicts"][0].name == "greeting"
    assert admin_client.post(url, {**again, "_take_greeting": "mine:0123456789abcdef"}).status_code == 200
    answer = admin_client.post(url, {**again, "_take_greeting": f"mine:{found['greeting'].hash}"})
    assert answer.status_code == 302
    row = Character.objects.get()
    assert (row.greeting, row.tagline, row.description) == ("Mine", "Theirs too", "Only mine.")


def test_a_save_over_the_same_words_is_no_conflict(admin_client):
    url = f"{DESK}{make_character().pk}/change/"
    page = admin_client.get(url)
    for _ in range(2):
        assert admin_client.post(url, typed(page, greeting="The same")).status_code == 302


def test_what_came_by_going_back_or_by_an_import_is_somebody_elses_save_too(admin_client):
    character = make_character()
    url = f"{DESK}{character.pk}/change/"
    draft_of(character)
    page = admin_client.get(url)
    publishing.roll_back(character, character.versions.get(number=1))
    answer = admin_client.post(url, typed(page, tags="sea\nships"))
    (conflict,) = answer.context["conflicts"]
    assert (conflict.name, conflict.theirs, conflict.choice) == ("greeting", "Ahoy, {{user}}.", "theirs")


def test_what_is_typed_is_kept_comes_back_and_goes_when_it_is_saved(admin_client):
    character = make_character()
    url = f"{DESK}{character.pk}/change/"
    page = admin_client.get(url)
    assert page.context["unsaved"]["kept"] is None
    sent = {"_character": character.pk, "_seen": page.context["seen"], "_form": "one"}
    fields = [["greeting", "Half a sen\x00tence \ud800"], ["tags", "a\nb"]]
    answer = admin_client.post(f"{DESK}unsaved/", {**sent, "fields": json.dumps(fields)}).json()
    assert answer["kept_at"]
    assert Character.objects.get().greeting == "Ahoy, {{user}}.", "nothing was saved"
    kept = admin_client.get(url).context["unsaved"]["kept"]
    assert (kept["fields"], kept["stale"], kept["seen"]) == (fields, False, page.context["seen"])
    # Somebody saves meanwhile: it is asked about, and a sign of life says so.
    draft_of(character)
    assert admin_client.get(url).context["unsaved"]["kept"]["stale"]
    assert admin_client.post(f"{DESK}unsaved/", sent).json()["changed"] == "?"
    # Saved, it is gone; a message that was on its way does not bring it back.
    fresh = admin_client.get(url)
    admin_client.post(url, typed(fresh, greeting="Saved.", _form="one"))
    admin_client.post(f"{DESK}unsaved/", {**sent, "fields": json.dumps(fields)})
    assert admin_client.get(url).context["unsaved"]["kept"] is None


def test_a_new_character_that_is_not_saved_is_kept_too_with_its_portrait(admin_client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.characters.factory import picture

    sent = {"_character": "", "fields": '[["name", "Ada"]]'}
    admin_client.post(f"{DESK}unsaved/", {**sent, "portrait": SimpleUploadedFile("a.png", picture())})
    kept = admin_client.get(f"{DESK}add/").context["unsaved"]["kept"]
    assert (kept["fields"], kept["stale"]) == ([["name", "Ada"]], False)
    assert base64.b64decode(kept["portrait"])[8:12] == b"WEBP"
    wrong = {**sent, "portrait": SimpleUploadedFile("a.png", b"no picture")}
    assert "not a PNG" in admin_client.post(f"{DESK}unsaved/", wrong).json()["error"]
    for bad in ("{}", "[1]", "[", '[["a", 1]]'):
        assert admin_client.post(f"{DESK}unsaved/", {"_character": "", "fields": bad}).status_code == 400
    admin_client.post(f"{DESK}unsaved/", {"_character": "", "discard": "1"})
    assert admin_client.get(f"{DESK}add/").context["unsaved"]["kept"] is None


def test_who_else_has_the_form_open_is_said_for_a_minute(admin_client, client, django_user_model):
    character = make_character()
    anna = django_user_model.objects.create_superuser("anna")
    client.force_login(anna)
    sent = {"_character": character.pk}
    assert client.post(f"{DESK}unsaved/", sent).json()["others"] == []
    assert admin_client.post(f"{DESK}unsaved/", sent).json()["others"] == ["anna"]
    assert admin_client.get(f"{DESK}{character.pk}/change/").context["unsaved"]["others"] == ["anna"]
    OpenForm.objects.filter(user=anna).update(open_at=timezone.now() - timedelta(seconds=61))
    assert admin_client.post(f"{DESK}unsaved/", sent).json()["others"] == []
    client.post(f"{DESK}unsaved/", sent)
    client.post(f"{DESK}unsaved/", {**sent, "close": "1"})
    assert admin_client.post(f"{DESK}unsaved/", sent).json()["others"] == []


def test_publishing_saves_first_and_leads_to_what_is_missing(admin_client):
    character = make_character(published=False)
    url = f"{DESK}{character.pk}/change/"
    answer = admin_client.post(url, typed(admin_client.get(url), greeting="", _publish="1"))
    assert answer["Location"] == f"{DESK}{character.pk}/publish/"
    answer = admin_client.get(answer["Location"])
    assert answer["Location"] == f"{url}?missing=greeting"
    answer = admin_client.post(url, typed(admin_client.get(url), greeting="Ahoy", _publish="1"), follow=True)
    assert "Put on stage" in shown(answer)
    # Who is not on stage has no page to look at.
    assert not admin_client.get(url).context["has_absolute_url"]
    publishing.publish(character)
    assert admin_client.get(url).context["has_absolute_url"]


def test_a_publish_that_somebody_was_faster_than_keeps_its_note(admin_client):
    character = draft_of(make_character())
    url = f"{DESK}{character.pk}/publish/"
    digest = admin_client.get(url).context["form"].initial["digest"]
    Character.objects.update(greeting="Later still.")
    page = shown(admin_client.post(url, {"note": "My long note", "digest": digest}))
    assert "changed the draft meanwhile" in page
    assert "My long note" in page
    assert "Later still" in page


@pytest.fixture
def rows(django_user_model):
    from django.contrib.auth.models import Group

    from voicebot.models import ProviderProfile

    profile = ProviderProfile.objects.create(
        name="house", stage="llm", service="pipecat.services.openai.llm.OpenAILLMService"
    )
    return {
        "lorebook": (
            f"/admin/characters/lorebook/{(book := Lorebook.objects.create(name='Sea')).pk}/change/",
            book,
            "name",
            "Harbour",
            "Ocean",
        ),
        "profile": (
            f"/admin/voicebot/providerprofile/{profile.pk}/change/",
            profile,
            "context_tokens",
            9000,
            5000,
        ),
        "person": (
            f"/admin/auth/user/{(user := django_user_model.objects.create_user('anna')).pk}/change/",
            user,
            "first_name",
            "Anna",
            "Ann",
        ),
        "role": (
            f"/admin/auth/group/{(group := Group.objects.create(name='Guests')).pk}/change/",
            group,
            "name",
            "Visitors",
            "Callers",
        ),
    }


@pytest.mark.parametrize("kind", ["profile", "person", "role", "lorebook"])
def test_every_form_of_the_admin_that_edits_refuses_a_stale_save(admin_client, rows, kind):
    url, row, field, theirs, mine = rows[kind]
    page = admin_client.get(url)
    type(row).objects.filter(pk=row.pk).update(**{field: theirs})
    answer = admin_client.post(url, typed(page, **{field: str(mine)}))
    (conflict,) = answer.context["conflicts"]
    assert (conflict.name, conflict.mine, conflict.theirs) == (field, str(mine), str(theirs))
    more = {"api_key": "x"} if kind == "profile" else {}
    taken = typed(page, **more, **{field: str(mine), f"_take_{field}": f"theirs:{conflict.hash}"})
    answer = admin_client.post(url, taken)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    assert getattr(row, field) == theirs


def draft_of(character: Character, greeting: str = "A draft of an hour.") -> Character:
    """The character with a greeting that no version has."""
    character.greeting = greeting
    character.save()
    publishing.changed_draft(character)
    return character


def test_going_back_asks_first_and_keeps_the_draft_as_a_version(admin_client):
    character = make_character(lore=[{"keys": ["kraken"], "content": "It sleeps."}])
    character.greeting = "The second."
    character.save()
    publishing.publish(character)
    character = draft_of(character)
    back = f"{DESK}{character.pk}/versions/1/roll-back/"
    page = admin_client.get(back)
    assert "is in no version" in shown(page)
    assert Character.objects.get().greeting == "A draft of an hour."
    assert admin_client.post(back, {"digest": page.context["digest"]}).status_code == 302
    kept, new = character.versions.order_by("number")[2:]
    assert (kept.kept_draft, kept.content["greeting"]) == (True, "A draft of an hour.")
    assert (new.kept_draft, new.content["greeting"]) == (False, "Ahoy, {{user}}.")
    row = Character.objects.get()
    assert (row.greeting, row.published) == ("Ahoy, {{user}}.", new)
    assert "kept draft" in shown(admin_client.get(f"{DESK}{character.pk}/versions/"))
    # And the kept one is taken up again, without going on stage.
    up = f"{DESK}{character.pk}/versions/3/take-up/"
    page = admin_client.get(up)
    assert "is in a version already" in shown(page)
    admin_client.post(up, {"digest": page.context["digest"]})
    row = Character.objects.get()
    assert (row.greeting, row.published.number) == ("A draft of an hour.", 4)
    assert row.versions.count() == 4, "what a version has is not kept twice"


def test_going_back_is_refused_when_the_draft_was_changed_after_it_was_asked(admin_client):
    character = draft_of(make_character())
    back = f"{DESK}{character.pk}/versions/1/roll-back/"
    digest = admin_client.get(back).context["digest"]
    Character.objects.update(greeting="Later still.")
    answer = admin_client.post(back, {"digest": digest}, follow=True)
    assert "changed the draft meanwhile" in shown(answer)
    assert Character.objects.get().greeting == "Later still."


def test_a_kept_draft_does_not_change_either():
    from django.db import DatabaseError, transaction

    character = draft_of(make_character())
    publishing.roll_back(character, character.versions.get(number=1))
    with pytest.raises(DatabaseError), transaction.atomic():
        character.versions.filter(number=2).update(kept_draft=False)


def test_taking_off_the_stage_asks(admin_client):
    character = make_character()
    url = f"{DESK}{character.pk}/withdraw/"
    assert "Nobody can begin" in shown(admin_client.get(url))
    assert Character.objects.get().published
    admin_client.post(url)
    assert Character.objects.get().published is None


def test_entries_stay_the_same_rows_over_publishing_and_going_back():
    entries = [{"name": name, "keys": [name], "content": name} for name in ("ship", "storm", "kraken")]
    character = make_character(lore=entries)
    before = {row.name: row.pk for row in character.lore.all()}
    character.lore.filter(name="ship").update(content="It leaks.", name="the ship")
    character.lore.filter(name="storm").delete()
    publishing.publish(character)
    publishing.roll_back(character, character.versions.get(number=1))
    after = {row.name: row.pk for row in character.lore.all()}
    assert [after["ship"], after["kraken"]] == [before["ship"], before["kraken"]]
    assert [row.content for row in character.lore.all()] == ["ship", "storm", "kraken"]


def test_a_version_of_before_entries_had_an_identity_keeps_its_digest_and_its_rows():
    character = make_character(lore=[{"name": "ship", "keys": ["ship"]}, {"name": "", "keys": ["ship"]}])
    now = content.of(character)
    old = {**now, "lore": [{name: e[name] for name in content.LORE_FIELDS} for e in now["lore"]]}
    assert content.digest_of(old) == content.digest_of(now)
    before = list(character.lore.values_list("pk", flat=True))
    content.put_back(character, json.loads(json.dumps(old)))
    assert list(character.lore.values_list("pk", flat=True)) == before


def test_going_back_with_a_page_of_before_a_publish_leaves_on_stage_what_is_there(admin_client):
    """The character was read before somebody else published: nothing of that reading is written."""
    character = make_character()
    first = character.versions.get()
    read_before = Character.objects.select_related("published").get()
    newest = publishing.publish(draft_of(character))
    bin.put(character)
    publishing.take_up(read_before, first)
    row = Character.objects.get()
    assert (row.published, bool(row.binned_at), row.greeting) == (None, True, "Ahoy, {{user}}.")
    bin.restore(character)
    publishing.publish(draft_of(Character.objects.get()))
    read_before = Character.objects.select_related("published").get()
    third = publishing.publish(draft_of(Character.objects.get(), "A third"))
    cards.update(
        cards.read(json.dumps({"name": "Captain Marlow", "first_mes": "Of a card."}).encode()), read_before
    )
    row = Character.objects.get()
    assert (row.published, row.greeting) == (third, "Of a card.")
    assert newest.number < third.number


def test_who_is_in_the_bin_is_not_written_over_unseen(admin_client):
    """Saved while somebody deleted it: kept, and said; a card is not taken into the bin."""
    character = make_character()
    url = f"{DESK}{character.pk}/change/"
    page = admin_client.get(url)
    bin.put(character)
    answer = admin_client.post(url, typed(page, greeting="Typed meanwhile"), follow=True)
    assert answer.redirect_chain[-1][0] == url, "its form, with the button that brings it back"
    assert "is in the bin" in shown(answer)
    assert [str(said) for said in answer.context["messages"]][-1] == (
        "Captain Marlow is in the bin: somebody has deleted it. What you saved is kept with it."
    )
    assert Character.objects.get().greeting == "Typed meanwhile"
    card = SimpleUploadedFile("x.json", json.dumps({"name": "Captain Marlow", "first_mes": "Hi"}).encode())
    answer = admin_client.post(f"{DESK}import/", {"cards": [card], "choice": f"update:{character.pk}"}).json()
    assert answer["cards"][0]["error"] == "Captain Marlow is in the bin: bring it back first."
    assert Character.objects.get().greeting == "Typed meanwhile"


def test_a_sign_of_life_writes_nothing_over_what_is_typed_meanwhile(admin_client):
    character = make_character()
    sent = {"_character": character.pk, "_form": "one"}
    admin_client.post(f"{DESK}unsaved/", {**sent, "fields": "[]"})
    for more in ({}, {"close": "1"}):
        with CaptureQueriesContext(connection) as done:
            admin_client.post(f"{DESK}unsaved/", {**sent, **more})
        written = [one["sql"] for one in done if one["sql"].startswith('UPDATE "characters_openform"')]
        assert len(written) == 1
        assert '"fields" =' not in written[0]


def test_one_browser_keeps_the_text_of_each_login_apart(admin_client, client, django_user_model):
    """What a page keeps in its tab when the server is away is not shown to whoever signs in there next."""
    other = django_user_model.objects.create_superuser("other", password="x")
    client.force_login(other)
    places = [browser.get(f"{DESK}add/").context["unsaved"]["place"] for browser in (admin_client, client)]
    assert places[0] != places[1]


def test_taking_up_a_shared_book_never_waits_for_who_saves_it(admin_client):
    """A reference to a row waits for a lock FOR UPDATE, and that one waits for the character: a deadlock."""
    book = make_lorebook()
    url = f"/admin/characters/lorebook/{book.pk}/change/"
    page = admin_client.get(url)
    with CaptureQueriesContext(connection) as done:
        assert admin_client.post(url, typed(page, name="Another")).status_code == 302
    locks = [one["sql"] for one in done if "FOR UPDATE" in one["sql"] or "FOR NO KEY UPDATE" in one["sql"]]
    assert locks
    assert not [sql for sql in locks if "FOR UPDATE" in sql]
