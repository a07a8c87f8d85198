"""Passkeys as a second factor: only the right one, on our page, of this account, once (M8, ASVS 6.3.3)."""

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from staff.factors import challenges, passkeys
from staff.login import logins
from staff.models import Passkey, PasskeyChallenge
from tests.security.software_passkey import PRESENT, SoftwarePasskey
from tests.security.test_second_factor import (
    KEY_ADD,
    PASSWORD,
    SET_UP,
    SHOW,
    boss,
    code_of,
    sign_in,
)
from tests.security.test_second_factor import set_up as set_up_authenticator

__all__ = ["boss"]  # fixtures
pytestmark = pytest.mark.django_db
ADD = SET_UP + "passkey/"
ACCOUNT = "/admin/account/"
AT_SHOW, AT_CONFIRM, AT_ADD = SHOW + "passkey/", "/admin/confirm/passkey/", ADD + "options/"


@pytest.fixture
def audit():
    """The audit trail's lines, without addresses."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, trail = Keep(), logging.getLogger("audit")
    trail.addHandler(handler)
    yield lines
    trail.removeHandler(handler)


def asked(client: Client, route: str) -> dict:
    answer = client.post(route)
    assert answer.status_code == 200, (answer.status_code, answer.content)
    return answer.json()


def add(client: Client, key: SoftwarePasskey, name: str = "Telephone"):
    return client.post(ADD, {"passkey": key.create(asked(client, AT_ADD)), "name": name})


@pytest.fixture
def key(boss) -> SoftwarePasskey:
    """The passkey of `boss`, who has nothing else."""
    made = SoftwarePasskey()
    assert add(sign_in(boss), made).status_code == 200
    return made


def shows(client: Client, key: SoftwarePasskey) -> bool:
    """Whether the answer of this passkey lets in."""
    answer = client.post(SHOW, {"passkey": key.get(asked(client, AT_SHOW))})
    assert answer.status_code in (200, 302)
    return client.get("/admin/").status_code == 200


def test_the_first_passkey_is_enough_for_production_and_gives_recovery_codes(boss, audit):
    client, key = sign_in(boss), SoftwarePasskey()
    assert client.get(KEY_ADD)["Location"] == SHOW
    page = add(client, key).content.decode()
    assert page.count("<li><code>") == 10
    assert client.get(KEY_ADD).status_code == 200
    assert any(line.startswith("passkey_registered account=") for line in audit)
    kept = Passkey.objects.get()
    assert (kept.user, kept.name, kept.rp_id, kept.sign_count) == (boss, "Telephone", "testserver", 1)


def test_a_login_takes_the_password_and_the_passkey(boss, key, audit):
    client = sign_in(boss)
    assert client.get("/admin/")["Location"] == SHOW
    page = client.get(SHOW).content.decode()
    assert 'data-passkey="get"' in page
    assert shows(client, key)
    assert client.get(KEY_ADD).status_code == 200
    assert any(line.startswith("second_factor_shown") and "by=passkey" in line for line in audit)
    assert Passkey.objects.get().sign_count == key.count
    assert Passkey.objects.get().last_used_at


def test_browsers_are_asked_for_verified_owners_of_this_accounts_keys(boss, key):
    options = asked(sign_in(boss), AT_SHOW)
    assert options["userVerification"] == "required"
    assert options["rpId"] == "testserver"
    assert len(options["allowCredentials"]) == 1
    client = sign_in(boss)
    assert shows(client, key)
    options = asked(client, AT_ADD)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["excludeCredentials"], "the same one is not added twice"
    assert str(boss.pk) not in options["user"]["id"]


REFUSED = {
    "another page": ({"origin": "https://testserver.evil.example"}, "origin"),
    "another port": ({"origin": "http://testserver:8080"}, "origin"),
    "no TLS": ({"origin": "https://testserver"}, "origin"),
    "another domain": ({"rp_id": "evil.example"}, "invalid"),
    "an owner who was not verified": ({"flags": PRESENT}, "invalid"),
    "nobody there": ({"flags": 0}, "invalid"),
}


@pytest.mark.parametrize(("wrong", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_lets_nobody_in(boss, key, audit, wrong, reason):
    client = sign_in(boss)
    right = dict(vars(key))
    vars(key).update(wrong)
    assert not shows(client, key)
    assert any(line.startswith("passkey_refused") and f"at=show reason={reason}" in line for line in audit)
    vars(key).update(right, count=key.count)
    assert shows(client, key), "the same one, as it should be"


@pytest.mark.parametrize(("wrong", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_not_added(boss, audit, wrong, reason):
    client = sign_in(boss)
    add(client, SoftwarePasskey(**wrong))
    assert not Passkey.objects.exists()
    assert any(f"at=register reason={reason}" in line for line in audit)
    assert client.get("/admin/")["Location"] == SHOW


def test_another_authenticator_under_the_same_name_is_refused(boss, key, audit):
    assert not shows(sign_in(boss), SoftwarePasskey(credential_id=key.credential_id, count=50))
    assert "reason=invalid" in audit[-1]


def test_anothers_passkey_is_refused(boss, key, audit):
    other = User.objects.create_superuser("other", password=PASSWORD)
    theirs = SoftwarePasskey()
    add(sign_in(other), theirs)
    assert not shows(sign_in(boss), theirs)
    assert "reason=not_of_this_account" in audit[-1]
    assert shows(sign_in(other), theirs)
    # Nor is it added here: an account that is taken over would come with it.
    client = sign_in(boss)
    assert shows(client, key)
    add(client, theirs)
    assert "reason=registered_already" in audit[-1]
    assert Passkey.objects.filter(user=boss).count() == 1


@pytest.mark.parametrize("synced", [False, True], ids=["counting", "synced"])
def test_an_answer_counts_once(boss, audit, synced):
    key = SoftwarePasskey(synced=synced)
    add(sign_in(boss), key)
    client, thief = sign_in(boss), sign_in(boss)
    answer = key.get(asked(client, AT_SHOW))
    assert client.post(SHOW, {"passkey": answer}).status_code == 302
    for replayed_by in (thief, client):
        asked(replayed_by, AT_SHOW)  # with a challenge of its own under way, too
        replayed_by.post(SHOW, {"passkey": answer})
        assert "reason=challenge" in audit[-1]
    assert thief.get("/admin/")["Location"] == SHOW


def test_a_challenge_is_for_one_login_and_one_purpose(boss, key, audit):
    client, thief = sign_in(boss), sign_in(boss)
    answer = key.get(asked(client, AT_SHOW))
    thief.post(SHOW, {"passkey": answer})
    assert "reason=challenge" in audit[-1]
    client.post("/admin/confirm/?next=/admin/", {"passkey": answer})
    assert client.get("/admin/")["Location"] == SHOW, "and for one purpose"
    assert client.post(SHOW, {"passkey": answer}).status_code == 302


def test_a_challenge_is_spent_by_a_wrong_answer_and_ends_after_five_minutes(boss, key, audit, monkeypatch):
    client = sign_in(boss)
    options = asked(client, AT_SHOW)
    right = key.get(options)
    key.flags = PRESENT
    client.post(SHOW, {"passkey": key.get(options)})
    client.post(SHOW, {"passkey": right})
    assert "reason=challenge" in audit[-1]
    key.flags |= 0x04
    answer = key.get(asked(client, AT_SHOW))
    later = time.time() + challenges.CHALLENGE_SECS + 1
    monkeypatch.setattr(challenges, "clock", lambda: later)
    client.post(SHOW, {"passkey": answer})
    assert "reason=challenge" in audit[-1]
    asked(sign_in(boss), AT_SHOW)
    assert PasskeyChallenge.objects.count() == 1, "those that have ended go"
    # What did not verify its owner at registration spends its challenge as well.
    client = sign_in(boss)
    assert shows(client, key)
    options = asked(client, AT_ADD)
    bad, good = SoftwarePasskey(flags=PRESENT), SoftwarePasskey()
    client.post(ADD, {"passkey": bad.create(options)})
    client.post(ADD, {"passkey": good.create(options)})
    assert "reason=challenge" in audit[-1]


def test_a_copy_of_an_authenticator_is_noticed_by_its_count(boss, key, audit):
    copy = SoftwarePasskey(**vars(key))
    assert shows(sign_in(boss), key)
    assert not shows(sign_in(boss), copy)
    assert "reason=sign_count" in audit[-1]


def test_a_confirmation_takes_the_passkey_alone(boss, key, audit, monkeypatch):
    client = sign_in(boss)
    assert shows(client, key)
    later = time.time() + 11 * 60
    monkeypatch.setattr(logins, "clock", lambda: later)
    confirm = client.get(KEY_ADD)["Location"]
    assert 'data-passkey="get"' in client.get(confirm).content.decode()
    client.post(confirm, {"passkey": SoftwarePasskey().get(asked(client, AT_CONFIRM))})
    assert client.get(KEY_ADD).status_code == 302
    answer = client.post(confirm, {"passkey": key.get(asked(client, AT_CONFIRM))})
    assert answer["Location"] == KEY_ADD
    assert client.get(KEY_ADD).status_code == 200
    assert any(line.startswith("confirmed") and "by=passkey" in line for line in audit)


def test_half_a_login_adds_and_keeps_nothing(boss, key):
    thief, another = sign_in(boss), SoftwarePasskey()
    assert thief.post(AT_ADD).status_code == 403
    assert thief.post(ADD, {"passkey": another.create(asked(thief, AT_SHOW) | {"rp": {"id": "testserver"}})})
    mine = Passkey.objects.get()
    for path in ("", f"passkeys/{mine.pk}/", f"passkeys/{mine.pk}/remove/", "recovery-codes/", "logins/"):
        assert thief.post(ACCOUNT + path, {"name": "mine"})["Location"] == SHOW, path
    assert thief.get(SET_UP)["Location"] == SHOW
    assert Passkey.objects.get().name == "Telephone"


def test_what_somebody_signs_in_with_is_changed_after_a_confirmation_only(boss, key, monkeypatch):
    client = sign_in(boss)
    assert shows(client, key)
    mine = Passkey.objects.get()
    later = time.time() + 11 * 60
    monkeypatch.setattr(logins, "clock", lambda: later)
    assert client.get(ACCOUNT)["Location"].startswith("/admin/confirm/")
    for path in (ADD, AT_ADD, f"{ACCOUNT}passkeys/{mine.pk}/remove/", f"{ACCOUNT}recovery-codes/"):
        assert client.post(path)["Location"].startswith("/admin/confirm/"), path
    assert Passkey.objects.count() == 1


def test_passkeys_are_named_listed_and_removed(boss, key, audit):
    client = sign_in(boss)
    assert shows(client, key)
    second = SoftwarePasskey()
    assert add(client, second, "  \u202eLaptop ")["Location"] == ACCOUNT, "recovery codes are kept"
    page = client.get(ACCOUNT).content.decode()
    assert "Telephone" in page
    assert "Laptop" in page
    first, laptop = Passkey.objects.order_by("created_at")
    client.post(f"{ACCOUNT}passkeys/{laptop.pk}/", {"name": "Work"})
    laptop.refresh_from_db()
    assert laptop.name == "Work"
    other = sign_in(boss)
    assert shows(other, second)
    client.post(f"{ACCOUNT}passkeys/{laptop.pk}/remove/")
    assert f"id={laptop.pk}" in audit[-1]
    assert audit[-1].startswith("passkey_removed")
    assert other.get("/admin/")["Location"] == SHOW, "a login that it opened shows another one"
    assert not shows(sign_in(boss), second)
    answer = client.post(f"{ACCOUNT}passkeys/{first.pk}/remove/", follow=True).content.decode()
    assert "add another one first" in answer
    assert Passkey.objects.get() == first


def test_nobody_touches_anothers_passkeys(boss, key):
    other = User.objects.create_superuser("other", password=PASSWORD)
    client = sign_in(other)
    add(client, SoftwarePasskey())
    bosses = Passkey.objects.get(user=boss)
    for path in (f"passkeys/{bosses.pk}/", f"passkeys/{bosses.pk}/remove/"):
        assert client.post(ACCOUNT + path, {"name": "mine"}).status_code == 404
    bosses.refresh_from_db()
    assert bosses.name == "Telephone"


def test_a_passkey_stands_beside_an_authenticator(boss):
    set_up_authenticator(boss)
    client = sign_in(boss)
    client.post(SHOW, {"code": code_of(boss, steps=1)})
    key = SoftwarePasskey()
    add(client, key)
    assert shows(sign_in(boss), key)
    client.post(ACCOUNT + "authenticator/remove/")
    assert shows(sign_in(boss), key), "and goes on without it"


def test_recovery_codes_are_renewed_and_the_old_ones_end(boss):
    client = sign_in(boss)
    old = add(client, SoftwarePasskey()).context["codes"]
    new = client.post(ACCOUNT + "recovery-codes/").context["codes"]
    assert len(new) == 10
    again = sign_in(boss)
    assert again.post(SHOW, {"code": old[0]}).status_code == 200
    # django-otp makes the next code wait for a second after a wrong one.
    assert not set(old) & set(new)
    other = User.objects.create_superuser("other", password=PASSWORD)
    codes = add(sign_in(other), SoftwarePasskey()).context["codes"]
    assert sign_in(other).post(SHOW, {"code": codes[0]}).status_code == 302


def test_the_other_logins_end_and_this_one_stays_no_longer_than_it_would(boss, key, monkeypatch):
    client, other = sign_in(boss), sign_in(boss)
    assert shows(client, key)
    assert shows(other, key)
    assert client.post(ACCOUNT + "logins/")["Location"] == ACCOUNT
    assert client.get("/admin/").status_code == 200
    assert "/login/" in other.get("/admin/")["Location"]
    assert client.session[logins.SIGNED_IN_AT] < client.session[logins.COUNTS_FROM]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_browsers_make_no_passkeys_at_a_bare_address(boss, host, settings):
    client = sign_in(boss)
    answer = client.post(AT_ADD, headers={"host": host})
    assert (answer.status_code, answer.json()) == (400, {"error": "host"})
    assert "data-passkey" not in client.get(SET_UP, headers={"host": host}).content.decode()


def test_one_domain_can_stand_for_several_hosts(boss, settings):
    settings.ALLOWED_HOSTS = [".example.org", "testserver", "notexample.org"]
    settings.PASSKEY_DOMAIN = "example.org"
    client = sign_in(boss)
    for host, status in (
        ("a.example.org", 200),
        ("example.org", 200),
        ("testserver", 400),
        ("notexample.org", 400),
    ):
        assert client.post(AT_ADD, headers={"host": host}).status_code == status, host
    options = client.post(AT_ADD, headers={"host": "a.example.org"}).json()
    assert options["rp"]["id"] == "example.org"
    key = SoftwarePasskey(origin="http://a.example.org")
    client.post(ADD, {"passkey": key.create(options)}, headers={"host": "a.example.org"})
    other = client.post(AT_CONFIRM, headers={"host": "b.example.org"}).json()
    assert len(other["allowCredentials"]) == 1


def test_an_account_has_so_many_and_no_more(boss, monkeypatch, audit):
    monkeypatch.setattr(passkeys, "MOST_PASSKEYS", 2)
    client = sign_in(boss)
    for _ in range(3):
        add(client, SoftwarePasskey())
    assert Passkey.objects.count() == 2
    assert "reason=too_many" in audit[-1]


def _mangled(answer: str) -> list[str]:
    """What else may come in place of an answer."""
    whole = json.loads(answer)
    found = ["", "null", "[]", "{", "1", '"x"', "\0", "{}", "9" * 30_000]
    for name in whole:
        for value in (None, 1, "", "!!", [], {}, "AAAA"):
            found.append(json.dumps({**whole, name: value}))
    for name in whole["response"]:
        for value in (
            None,
            1,
            "",
            "!!",
            [],
            {},
            "AAAA",
            "gICAgICA",
            "_" * 4000,
            whole["response"][name][:-9],
        ):
            found.append(json.dumps({**whole, "response": {**whole["response"], name: value}}))
    return found


def test_nonsense_is_refused_and_never_an_error_page(boss, key, audit):
    client, other = sign_in(boss), SoftwarePasskey()
    assert shows(client, key)
    half = sign_in(boss)
    for text in _mangled(key.get(asked(half, AT_SHOW))):
        asked(half, AT_SHOW)
        assert half.post(SHOW, {"passkey": text}).status_code == 200, text[:200]
    # Each with the challenge that it names, so that it gets as far as it can.
    for number in range(len(_mangled(other.create(asked(client, AT_ADD))))):
        text = _mangled(other.create(asked(client, AT_ADD)))[number]
        assert client.post(ADD, {"passkey": text}).status_code in (302, 403), text[:200]
    for number in range(len(_mangled(key.get(asked(half, AT_SHOW))))):
        text = _mangled(key.get(asked(half, AT_SHOW)))[number]
        assert half.post(SHOW, {"passkey": text}).status_code == 200, text[:200]
    assert half.get("/admin/")["Location"] == SHOW
    assert not [line for line in audit if "\n" in line]


def test_superusers_take_a_lost_one_away(boss, key):
    client = sign_in(boss)
    assert shows(client, key)
    page = client.get("/admin/staff/passkey/").content.decode()
    assert "Telephone" in page
    mine = Passkey.objects.get()
    assert client.post(f"/admin/staff/passkey/{mine.pk}/delete/", {"post": "yes"}).status_code == 302
    assert client.get("/admin/")["Location"] == SHOW


def test_over_tls_our_page_is_the_one_over_tls(boss):
    client, key = sign_in(boss), SoftwarePasskey(origin="https://testserver")
    for secure, kept in ((False, 0), (True, 1)):
        options = client.post(AT_ADD, secure=secure).json()
        client.post(ADD, {"passkey": key.create(options)}, secure=secure)
        assert Passkey.objects.count() == kept


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_is_sent_many_times_at_once_counts_once(boss, audit):
    """By one login, whose session all of them read before anybody has written it."""
    key = SoftwarePasskey(synced=True)
    add(sign_in(boss), key)
    client = sign_in(boss)
    answer, cookie = key.get(asked(client, AT_SHOW)), client.cookies["sessionid"].value
    together = threading.Barrier(6)

    def send() -> int:
        thread = Client()
        thread.cookies["sessionid"] = cookie
        together.wait(10)
        try:
            return thread.post(SHOW, {"passkey": answer}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        codes = [each.result(30) for each in [pool.submit(send) for _ in range(6)]]
    assert len([line for line in audit if line.startswith("second_factor_shown")]) == 1, codes
