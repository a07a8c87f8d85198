"""An admin list is filtered by what it shows: no column is guessed by letters, none is an error (L20)."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from sessions_app.identity.api_keys import issue
from sessions_app.manager import SyncSessionManager
from tests.characters.factory import make_character
from voicebot.models import ProviderProfile

pytestmark = pytest.mark.django_db
SESSIONS, KEYS = "/admin/sessions_app/voicesession/", "/admin/sessions_app/apikey/"
PROFILES = "/admin/voicebot/providerprofile/"


@pytest.fixture
def rows() -> None:
    make_character()
    SyncSessionManager().create(character="marlow", visitor="user:1", metadata={})
    ProviderProfile.objects.create(name="p", stage="llm", service="pipecat.services.x.Y")
    issue("k", [])


@pytest.mark.parametrize(
    ("page", "lookups"),
    [
        (SESSIONS, ["token_hash__startswith", "wrapped_key__gt", "metadata__gt", "metadata", "secret_hash"]),
        (SESSIONS, ["turn__words__gt", "character__digest__gt", "character__system_prompt__icontains"]),
        (SESSIONS, ["state__regex", "draft__iregex", "visitor__startswith", "opened_from"]),
        (KEYS, ["key_hash__startswith", "token_hash__gt", "name__regex", "origins__0"]),
        (PROFILES, ["sealed_api_key__gt", "sealed_api_key", "wrapped_key__lt", "sealed_options__contains"]),
        (PROFILES, ["options__icontains", "options__a__startswith", "stage__regex", "key_id"]),
    ],
)
@pytest.mark.parametrize("value", ["(", "\0"])
def test_a_column_that_the_list_does_not_filter_by_is_refused(admin_client, rows, page, lookups, value):
    for lookup in lookups:
        assert admin_client.get(page, {lookup: value}).status_code == 400, lookup


@pytest.mark.parametrize("value", ["a", "(", "\0", "9" * 40, "", "-", "2026-99-99"])
@pytest.mark.parametrize(
    "lookup",
    [
        "state__exact",
        "state__in",
        "draft__exact",
        "character__slug__exact",
        "created_at__year",
        "created_at__gte",
    ],
)
def test_a_value_that_fits_no_column_is_no_error_page(admin_client, rows, lookup, value):
    assert admin_client.get(SESSIONS, {lookup: value}, follow=True).status_code in (200, 400)


def test_what_the_list_offers_goes_on_working(rows):
    user = User.objects.create_user("mo", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderator"))
    moderator = Client()
    moderator.force_login(user)
    offered = [
        {"state__exact": "created"},
        {"draft__exact": "0"},
        {"character__slug__exact": "marlow"},
        {"created_at__year": "2026", "created_at__month": "11", "created_at__day": "26"},
        {"q": "user:1"},
    ]
    for wanted in offered:
        assert moderator.get(SESSIONS, wanted).status_code == 200, wanted
    found = moderator.get(SESSIONS, {"state__exact": "created"}).context["cl"].result_count
    none = moderator.get(SESSIONS, {"state__exact": "ended"}).context["cl"].result_count
    assert (found, none) == (1, 0)


@pytest.mark.parametrize("path", ["characters/characterversion", "admin/logentry", "characters/character"])
@pytest.mark.parametrize(
    "lookup", ["author__password__startswith", "versions__author__password__regex", "user__password__gt"]
)
def test_no_relation_leads_to_a_password(admin_client, rows, path, lookup):
    known = [admin_client.get(f"/admin/{path}/", {lookup: value}).status_code for value in ("md5$", "no")]
    assert len(set(known)) == 1
    assert set(known) <= {302, 400, 404}, "an answer that depends on it would tell it letter by letter"
