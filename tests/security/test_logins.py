"""Whoever reads the database signs in nowhere with what stands there, and none of it is run (H8, M3)."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.signing import JSONSerializer
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from config import redis
from greenroom.http.hashed_sessions import SessionStore

DESK = "/admin/"


@pytest.fixture
def signed_in(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("sup", password="a long one"))
    assert client.get(DESK).status_code == 200
    return client


def with_cookie(value: str) -> int:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = value
    return client.get(DESK).status_code


def test_a_login_out_of_a_dump_lets_nobody_in(signed_in):
    key = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
    assert with_cookie(key) == 200, "the cookie itself opens"
    for (stored,) in Session.objects.values_list("session_key"):
        assert stored != key
        assert with_cookie(stored) == 302


def test_a_login_that_was_stored_in_the_clear_is_none_any_more(signed_in):
    row = Session.objects.get()
    Session(session_key="k" * 32, session_data=row.session_data, expire_date=row.expire_date).save()
    assert with_cookie("k" * 32) == 302


def test_signing_in_changes_the_key_and_signing_out_takes_the_row(db):
    User.objects.create_superuser("sup", password="a long one")
    client = Client()
    client.get("/admin/login/")
    before = client.session
    before["seen"] = 1
    before.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before.session_key
    client.post("/admin/login/", {"username": "sup", "password": "a long one"})
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert key != before.session_key
    assert (with_cookie(before.session_key), with_cookie(key)) == (302, 200)
    client.post("/admin/logout/")
    assert with_cookie(key) == 302
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
async def test_the_store_does_the_same_when_it_is_awaited():
    store = SessionStore()
    await store.aset("name", "Robin")
    await store.acreate()
    stored = await Session.objects.aget()
    assert stored.session_key != store.session_key
    assert await store.aexists(store.session_key)
    assert await SessionStore(store.session_key).aget("name") == "Robin"
    assert await SessionStore(stored.session_key).aget("name") is None
    await store.aflush()
    assert not await Session.objects.aexists()


def test_clearsessions_takes_what_has_run_out(db):
    lasting, over = SessionStore(), SessionStore()
    for store in (lasting, over):
        store["name"] = "Robin"
        store.create()
    Session.objects.exclude(pk=Session.objects.get(pk=_row(lasting)).pk).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    call_command("clearsessions")
    assert [row.pk for row in Session.objects.all()] == [_row(lasting)]
    assert SessionStore(over.session_key).load() == {}


def _row(store: SessionStore) -> str:
    return store.create_model_instance({}).pk


def test_nothing_that_is_kept_is_unpickled():
    assert import_string(settings.SESSION_SERIALIZER) is JSONSerializer
    assert settings.MESSAGE_STORAGE.startswith("django.contrib.messages.storage.")  # all of them JSON
    for name, cache in redis.caches("redis://127.0.0.1:6379/0", [], {}, cluster=False).items():
        serializer = import_string(cache["OPTIONS"]["SERIALIZER"])
        assert serializer({}).loads(b"\x80\x04cos\nsystem\n(S'true'\ntR.") is None, name
    for name, cache in settings.CACHES.items():  # LocMem pickles, in a process's own memory
        assert "locmem" in cache["BACKEND"] or "SERIALIZER" in cache["OPTIONS"], name


def test_no_module_of_ours_knows_pickle():
    unsafe = {"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
    root = Path(__file__).parent.parent.parent
    for folder in ("config", "greenroom", "characters", "sessions_app", "voicebot"):
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not unsafe & {name.split(".")[0] for name in names}, path
