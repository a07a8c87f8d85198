"""A dump of the database gives no second factor: keys are sealed, recovery codes are hashes (M8)."""

import base64
import re
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django_otp.oath import TOTP

from sessions_app.exceptions import RecordUnreadable
from staff.models import Authenticator, authenticator
from tests.security.test_second_factor import SHOW, boss, set_up, sign_in

__all__ = ["boss"]  # fixtures
pytestmark = pytest.mark.django_db
OTHER = f"2027:{base64.b64encode(bytes(range(7, 39))).decode()}"


def dump() -> str:
    """Every row of every table, as text; what is binary in hexadecimal digits."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            rows += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows).lower()


def code(device: Authenticator, at: float) -> str:
    totp = TOTP(device.bin_key)
    totp.time = at
    return f"{totp.token():06d}"


def test_a_dump_has_no_key_and_no_recovery_code(boss):
    codes = set_up(boss)
    key = Authenticator.objects.get().bin_key
    assert len(key) == 20
    found = dump()
    assert "staff_authenticator" in found, "the dump has the row"
    assert key.hex() not in found
    assert base64.b32encode(key).decode().lower() not in found
    assert base64.b64encode(key).decode().lower() not in found
    assert not [code for code in codes if code in found or code.replace("-", "") in found]


def test_a_row_moved_to_another_account_lets_nobody_in(boss):
    set_up(boss)
    thief = User.objects.create_superuser("thief", password="x")
    Authenticator.objects.update(user=thief)
    moved = Authenticator.objects.get()
    with pytest.raises(RecordUnreadable):
        _ = moved.bin_key
    assert not moved.verify_token("000000")


def test_keys_are_rewrapped_with_the_others_and_codes_go_on(boss, settings):
    set_up(boss)
    before = Authenticator.objects.get()
    key, old = before.bin_key, settings.SESSION_KEYS
    settings.SESSION_KEYS = f"{OTHER},{old}"
    call_command("rotate_session_keys", verbosity=0)
    settings.SESSION_KEYS = OTHER
    after = Authenticator.objects.get()
    assert (after.key_id, after.bin_key) == ("2027", key)
    assert bytes(after.sealed_key) == bytes(before.sealed_key), "only the data key is rewrapped"


def test_rotation_says_which_authenticators_stay_behind(boss, settings):
    set_up(boss)
    settings.SESSION_KEYS = OTHER
    with pytest.raises(CommandError, match="1 authenticators could not be rewrapped"):
        call_command("rotate_session_keys", verbosity=0)
    # A key ring without its key is no code, and no error page either; recovery codes let in.
    assert sign_in(boss).post(SHOW, {"code": "123456"}).status_code == 200


def test_clear_keys_of_older_versions_are_sealed_and_their_table_goes(boss, monkeypatch):
    """As django-otp 1.7 made its table, with one authenticator that counts and one that was never proved."""
    key, now = "3132333435363738393031323334353637383930", 1_800_000_000.0
    monkeypatch.setattr(authenticator, "clock", lambda: now)
    created = datetime(2026, 5, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE otp_totp_totpdevice (id bigserial PRIMARY KEY, name varchar(64), confirmed bool,"
            " key varchar(80), step smallint, t0 bigint, digits smallint, tolerance smallint, drift smallint,"
            " last_t bigint, user_id integer REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED,"
            " throttling_failure_count integer, throttling_failure_timestamp timestamptz,"
            " created_at timestamptz, last_used_at timestamptz)"
        )
        cursor.executemany(
            "INSERT INTO otp_totp_totpdevice (name, confirmed, key, step, t0, digits, tolerance, drift,"
            " last_t, user_id, throttling_failure_count, created_at)"
            " VALUES ('authenticator', %s, %s, 30, 0, 6, 1, 1, 59999999, %s, 0, %s)",
            [(True, key, boss.pk, created), (False, "00" * 20, boss.pk, created)],
        )
    assert key in dump(), "the attack: the key as it is"
    with connection.schema_editor() as editor:
        import_module("staff.migrations.0003_sealed_authenticators").move(apps, editor)
    found = dump()
    assert not re.search(f"{key}|otp_totp_totpdevice", found)
    moved = Authenticator.objects.get()
    assert (moved.user, moved.drift, moved.last_t, moved.created_at) == (boss, 1, 59_999_999, created)
    right = code(moved, now + 30)  # its clock is a step ahead, as it was before
    assert moved.verify_token(right)
    assert not moved.verify_token(right), "once"
    with connection.schema_editor() as editor:  # where there is nothing to move
        import_module("staff.migrations.0003_sealed_authenticators").move(apps, editor)
