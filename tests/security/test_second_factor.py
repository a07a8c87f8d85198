"""A password alone opens nothing to those who have a second factor, or have to have one (M8, ASVS 6.3.3)."""

import json
import re
import time

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken

from staff.login import logins
from staff.models import Authenticator
from tests.characters.factory import make_character
from tests.config.test_embedded import run
from tests.config.test_production import STRONG

pytestmark = pytest.mark.django_db
PASSWORD = "a-right-Password-7"
SHOW, SET_UP = "/admin/second-factor/", "/admin/second-factor/setup/"
KEY_ADD = "/admin/sessions_app/apikey/add/"


@pytest.fixture
def boss(settings) -> User:
    settings.SECOND_FACTOR_REQUIRED = True
    return User.objects.create_superuser("boss", password=PASSWORD)


def code_of(user: User, steps: int = 0) -> str:
    """What the authenticator shows, `steps` times 30 seconds from now."""
    totp = TOTP(Authenticator.objects.get(user=user).bin_key)
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def sign_in(user: User, client: Client | None = None) -> Client:
    client = client or Client()
    assert client.post("/admin/login/", {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def set_up(user: User) -> list[str]:
    """Sets the second factor up; the recovery codes."""
    client = sign_in(user)
    assert client.get(SET_UP).status_code == 200
    page = client.post(SET_UP, {"code": code_of(user)}).content.decode()
    return re.findall(r"<li><code>([\w-]+)</code>", page)


def test_who_has_to_have_one_reaches_only_the_page_that_sets_it_up(boss):
    make_character()
    client = sign_in(boss)
    for path in ("/admin/", KEY_ADD, "/admin/auth/user/", "/admin/characters/character/", "/admin/search/"):
        assert client.get(path)["Location"] == SHOW, path
        assert client.post(path, {"name": "x"}).status_code == 302, path
    assert client.get(SHOW)["Location"] == SET_UP
    page = client.get(SET_UP).content.decode()
    assert 'src="data:image/svg+xml' in page
    assert not re.search(r'src="https?://', page), "no picture from elsewhere"
    assert client.get("/talk/marlow/?draft").status_code == 403
    assert code_of(boss) != "000000"
    assert client.post(SET_UP, {"code": "000000"}).status_code == 200
    assert client.get("/admin/")["Location"] == SHOW


def test_setting_it_up_lets_in_and_gives_recovery_codes_once(boss):
    codes = set_up(boss)
    assert len(codes) == 10
    assert StaticToken.objects.count() == 10
    assert {len(code.replace("-", "")) for code in codes} == {24}, "120 bits of base32"
    assert not StaticToken.objects.filter(token__in=codes).exists(), "a dump of the database has none of them"
    client = sign_in(boss)
    assert client.get("/admin/")["Location"] == SHOW
    assert client.post(SHOW, {"code": codes[0]})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    typed = codes[1].upper().replace("-", " ")
    assert sign_in(boss).post(SHOW, {"code": typed})["Location"] == "/admin/", "as somebody types it"
    again = sign_in(boss)
    assert again.post(SHOW, {"code": codes[0]}).status_code == 200, "each is used once"
    assert again.get("/admin/")["Location"] == SHOW


def test_the_code_of_the_authenticator_lets_in_once(boss):
    set_up(boss)
    code = code_of(boss, steps=1)
    client, thief = sign_in(boss), sign_in(boss)
    assert client.post(SHOW, {"code": code})["Location"] == "/admin/"
    assert client.get(KEY_ADD).status_code == 200
    assert thief.post(SHOW, {"code": code}).status_code == 200
    assert thief.get("/admin/")["Location"] == SHOW


def test_codes_cannot_be_guessed_in_a_row(boss, settings):
    settings.OTP_TOTP_THROTTLE_FACTOR = 60  # a minute after the first wrong one, and so on
    set_up(boss)
    client = sign_in(boss)
    for number in range(5):
        client.post(SHOW, {"code": f"{number:06d}"})
    assert client.post(SHOW, {"code": code_of(boss, steps=1)}).status_code == 200, "not even the right one"
    assert client.get("/admin/")["Location"] == SHOW


def test_a_stolen_password_sets_up_no_second_authenticator(boss):
    set_up(boss)
    thief = sign_in(boss)
    assert thief.get(SET_UP).status_code == 302
    assert thief.post(SET_UP, {"code": code_of(boss, steps=1)}).status_code == 302
    assert Authenticator.objects.count() == 1
    assert thief.get("/admin/")["Location"] == SHOW


def test_whoever_has_one_shows_it_where_nothing_demands_it(boss, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    assert sign_in(boss).get("/admin/").status_code == 200
    set_up(boss)
    assert sign_in(boss).get("/admin/")["Location"] == SHOW


def test_editors_need_none_and_operators_do(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    for codename, answer in (("change_character", 200), ("add_apikey", 302), ("change_providerprofile", 302)):
        user = User.objects.create_user(codename, password=PASSWORD, is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename=codename))
        assert sign_in(user).get("/admin/").status_code == answer, codename


@pytest.fixture
def asked_again(boss, monkeypatch) -> tuple[Client, str, list[str]]:
    """Signed in with both eleven minutes ago: the client, the address that asks again, and the codes."""
    codes = set_up(boss)
    client = sign_in(boss)
    client.post(SHOW, {"code": codes[0]})
    later = time.time() + 11 * 60
    monkeypatch.setattr(logins, "clock", lambda: later)
    return client, client.get(KEY_ADD)["Location"], codes


def test_confirming_takes_the_second_factor_too(asked_again):
    client, confirm, _ = asked_again
    assert client.post(confirm, {"password": PASSWORD}).status_code == 200
    assert client.post(confirm, {"password": PASSWORD, "code": "zzzzzz"}).status_code == 200
    assert client.get(KEY_ADD).status_code == 302


def test_confirming_with_both_goes_on(asked_again):
    client, confirm, codes = asked_again
    assert client.post(confirm, {"password": PASSWORD, "code": codes[1]})["Location"] == KEY_ADD
    assert client.get(KEY_ADD).status_code == 200


def test_an_authenticator_that_is_taken_away_counts_no_more(boss):
    codes = set_up(boss)
    client = sign_in(boss)
    client.post(SHOW, {"code": codes[0]})
    page = client.get("/admin/staff/authenticator/").content.decode()
    assert "boss" in page
    assert Authenticator.objects.get().bin_key.hex() not in page
    assert codes[1] not in page
    Authenticator.objects.all().delete()
    assert client.get("/admin/")["Location"] == SHOW


@pytest.mark.django_db(transaction=True)
def test_half_a_login_is_nobody_at_the_api(boss):
    make_character()
    client = sign_in(boss)
    body = json.dumps({"body": {"character": "marlow", "draft": True}})
    assert client.post("/api/start", body, content_type="application/json").status_code == 403
    assert client.get("/api/sessions").status_code == 401


def test_production_demands_it():
    shown = run("from django.conf import settings as s; print(s.SECOND_FACTOR_REQUIRED)", **STRONG)
    assert shown.stdout.split() == ["True"], shown.stderr
