"""A request leaves the event loop for a thread only where something waits: each way there and back costs."""

import asgiref.sync
import pytest
from django.test import AsyncClient

from tests.characters.factory import make_character


@pytest.fixture
def ways(monkeypatch):
    """What ran in a thread, by name."""
    taken = []
    call = asgiref.sync.SyncToAsync.__call__

    async def noted(self, *args, **options):
        taken.append(getattr(self.func, "__qualname__", str(self.func)))
        return await call(self, *args, **options)

    monkeypatch.setattr(asgiref.sync.SyncToAsync, "__call__", noted)
    return taken


def of_middleware(ways):
    return [name for name in ways if "process_" in name]


async def test_a_request_that_writes_nothing_takes_few_ways_to_a_thread(ways):
    assert (await AsyncClient().get("/healthz")).status_code == 200
    # Those that `check --deploy` knows by their names only are Django's own.
    assert sorted(of_middleware(ways)) == [
        "CsrfViewMiddleware.process_request",
        "CsrfViewMiddleware.process_response",
        "CsrfViewMiddleware.process_view",
        "SecurityMiddleware.process_request",
        "SecurityMiddleware.process_response",
        "XFrameOptionsMiddleware.process_response",
    ]


@pytest.mark.django_db(transaction=True)
async def test_a_visitor_gets_page_language_and_policy_as_before():
    await asgiref.sync.sync_to_async(make_character)()
    page = await AsyncClient().get("/talk/marlow/", headers={"accept-language": "zh-hans"})
    assert page.status_code == 200
    assert page["Content-Language"] == "zh-hans"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert (await AsyncClient().get("/admin"))["Location"] == "/admin/"


@pytest.mark.django_db(transaction=True)
async def test_a_login_and_its_messages_are_written_from_the_loop(django_user_model, ways):
    make = asgiref.sync.sync_to_async(django_user_model.objects.create_superuser)
    await make("boss", password="a-right-Password-7")
    client = AsyncClient()
    answer = await client.post("/admin/login/", {"username": "boss", "password": "a-right-Password-7"})
    assert answer.status_code == 302
    assert "SessionMiddleware.process_response" in ways
    assert (await client.get("/admin/")).status_code == 200, "the session was saved"
