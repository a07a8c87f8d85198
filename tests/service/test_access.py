"""Who may do what with drafts, other people's sessions and other people's pages."""

import json
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from sessions_app.models import VoiceSession
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)
WHO = ["stranger", "other", "owner", "editor", "moderator", "operator"]
# method, route, and what each of WHO gets. 302 is the way to the login page.
# Beside tests/security/access.txt: what hangs on more than the route.
TABLE = [
    ("GET", "/talk/marlow/?draft", [403, 403, 403, 200, 403, 403]),
    ("GET", "/embed/marlow/?origin=https://evil.example", [403] * 6),
    ("POST", "/api/start {session}", [403, 403, 200, 403, 403, 403]),
    ("POST", "/api/start {draft}", [403, 403, 403, 200, 403, 403]),
]


@pytest.fixture
def people():
    """A client for each of WHO; the owner's has a session."""
    # What a test before this one has flushed.
    import_module("voicebot.migrations.0002_roles").make_roles(apps, None)
    import_module("voicebot.migrations.0003_operators_keep_api_keys").let_operators(apps, None)
    import_module("voicebot.migrations.0008_operators_set_up_tool_servers").let_operators(apps, None)
    import_module("voicebot.migrations.0010_who_sees_uses_of_tools").let_them_see(apps, None)
    make_character()
    clients = {who: Client(enforce_csrf_checks=True) for who in WHO}
    for who in WHO[3:]:
        user = User.objects.create_user(who, is_staff=True)
        user.groups.add(Group.objects.get(name=who.capitalize()))
        clients[who].force_login(user)
    for who in ("other", "owner"):
        post(clients[who], {"character": "marlow"})
    session = VoiceSession.objects.order_by("created_at").last()
    assert session
    return clients, str(session.pk)


def post(client: Client, body: dict):
    return client.post("/api/start", json.dumps({"body": body}), content_type="application/json")


def ask(client: Client, method: str, route: str, session: str):
    if route == "/api/start {session}":
        return post(client, {"session": session})
    if route == "/api/start {draft}":
        return post(client, {"character": "marlow", "draft": True})
    path = route.replace("{id}", session)
    if method == "PATCH":
        return client.patch(path, json.dumps({"title": "x"}), content_type="application/json")
    return client.generic(method, path)


@pytest.mark.parametrize(("method", "route", "expected"), TABLE, ids=[f"{m} {r}" for m, r, _ in TABLE])
def test_each_gets_the_answer_that_is_theirs(people, method, route, expected):
    clients, session = people
    order = [who for who in WHO if who != "owner"] + ["owner"]  # the owner may erase it: last
    found = {who: ask(clients[who], method, route, session).status_code for who in order}
    assert [found[who] for who in WHO] == expected


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
@pytest.mark.parametrize("path", ["/api/start", "/api/sessions"])
def test_another_origin_is_refused_even_with_the_owners_cookie(people, origin, path):
    clients, _ = people
    method = "POST" if path == "/api/start" else "DELETE"
    answer = clients["owner"].generic(method, path, "{}", "application/json", headers={"origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "origin_refused"


def test_the_admin_wants_a_csrf_token(people):
    clients, session = people
    answer = clients["moderator"].post(
        "/admin/sessions_app/voicesession/", {"action": "erase_sessions", "_selected_action": [session]}
    )
    assert answer.status_code == 403
    assert VoiceSession.objects.filter(pk=session).exists()
