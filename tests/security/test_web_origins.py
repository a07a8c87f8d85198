"""Origins: what is checked is what is used (findings M1, M2, M11, L1, L12, L13, L14, L18)."""

import json
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from hypothesis import example, given
from hypothesis import strategies as st

from greenroom.http.trusted_proxies import TrustedProxies
from sessions_app.identity import api_keys
from sessions_app.network import web_origins
from tests.characters.factory import make_character
from voicebot.connection.admission import Admission, entry_of_socket

KEYED = "https://partner.example"
# Each names our own host to a parser that looks at its parts, and something else to a browser.
DISGUISES = [
    "http://testserver/ *",
    "http://testserver/;script-src-elem *",
    "http://testserver; script-src *",
    "http://testserver/",
    "http://testserver?x",
    "http://testserver?",
    "http://testserver#x",
    "http://testserver:80",
    "http://TESTSERVER",
    "http://user@testserver",
    "http://@testserver",
    "http://testserver:",
    "http://testserver\t",
    " http://testserver",
    "http://testserver\r\nx: y",
    "http://testserver\x00",
    "http://test\tserver",
    "//testserver",
    "testserver",
    "http://testserver\\.evil.example",
    "http://testserver ",
    "*",
    "",
    "null",
    "'self'",
    "http://[::1",
    "http://[::1%25eth0]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://testserver:99999",
    "http://testserver:-1",
    "http://testserver:0080",
    "http://tëst.example",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", DISGUISES)
def test_only_what_a_browser_writes_is_an_origin(text):
    assert web_origins.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "http://a",
        "https://a.example:444",
        "http://[::1]:8000",
        "https://127.0.0.1",
        "https://xn--tst-jma.example",
    ],
)
def test_what_a_browser_writes_is_one(text):
    assert str(web_origins.parse(text)) == text


@given(st.text(max_size=60) | st.from_regex(r"https?://[ -~]{1,40}", fullmatch=True))
@example("http://a:080")
def test_an_origin_is_written_as_it_was_read_and_has_no_room_for_anything_else(text):
    origin = web_origins.parse(text)
    if origin is not None:
        assert str(origin) == text
        assert not set(text) & set(" ;,'\"*\\\r\n\t\x00?#@")
        assert text.count("/") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("text", DISGUISES)
def test_the_policy_of_an_embedded_page_takes_no_foreign_directive(client, text):
    make_character()
    answer = client.get(f"/embed/marlow/?origin={quote(text)}")
    assert answer.status_code == 403
    assert "evil" not in answer.get("Content-Security-Policy", "")


@pytest.mark.django_db
def test_our_own_pages_and_keyed_ones_may_frame_the_page(client):
    make_character()
    api_keys.issue("partner", [KEYED])
    for origin in ("http://testserver", KEYED):
        answer = client.get(f"/embed/marlow/?origin={quote(origin)}")
        assert answer.status_code == 200
        assert f"frame-ancestors {origin};" in answer["Content-Security-Policy"] + ";"
    assert client.get("/embed/marlow/?origin=https://testserver").status_code == 403, "another scheme"


@pytest.mark.parametrize(
    "text", ["https://a b", "https://acme.example ;script-src *", "https://acme.example:443", 7]
)
def test_a_key_is_for_origins_that_exist(text):
    with pytest.raises(ValidationError):
        api_keys.validate_origins([text])


def begin(client, **headers) -> HttpResponse:
    body = json.dumps({"body": {"character": "marlow"}})
    return client.post("/api/start", body, content_type="application/json", headers=headers)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bearer", ["junk", "gr_junk", "", "x" * 5000])
def test_a_keyed_page_begins_nothing_without_its_key(client, bearer):
    make_character()
    _, text = api_keys.issue("partner", [KEYED])
    assert begin(client, origin=KEYED, authorization=f"Bearer {bearer}").status_code in (401, 403)
    assert begin(client, origin=KEYED).status_code == 403
    assert begin(client, origin=KEYED, authorization=f"Bearer {text}").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["keyed", "listed", "same site", "another scheme"])
def test_a_visitors_cookie_is_nothing_to_another_page(client, settings, how):
    make_character()
    api_keys.issue("partner", [KEYED])
    settings.ALLOWED_ORIGINS = ["https://listed.example"]
    path = f"/api/sessions/{begin(client).json()['wsUrl'].split('/')[-2]}"
    headers = {
        "keyed": {"origin": KEYED},
        "listed": {"origin": "https://listed.example"},
        "same site": {"sec-fetch-site": "same-site"},  # a plain GET of another page there
        "another scheme": {"origin": "https://testserver"},
    }[how]
    for method, address in (("GET", "/api/sessions"), ("GET", path), ("PATCH", path), ("DELETE", path)):
        body = json.dumps({"title": "mine now"})
        answer = client.generic(method, address, body, "application/json", headers=headers)
        assert answer.status_code in (401, 403), (method, address)
        assert "Access-Control-Allow-Credentials" not in answer
    assert client.get(path).status_code == 200, "and our own page still has it"


@pytest.mark.django_db(transaction=True)
def test_an_account_is_nothing_to_another_page_either(client, django_user_model):
    make_character()
    api_keys.issue("partner", [KEYED])
    client.force_login(django_user_model.objects.create_superuser("root"))
    assert client.get("/api/sessions").status_code == 200
    assert client.get("/api/sessions", headers={"origin": KEYED}).status_code == 401


async def test_a_socket_checks_its_host_like_a_page(settings):
    """The stranger writes both headers: that they agree says nothing."""
    settings.ALLOWED_HOSTS = ["voice.example"]
    for host, origin in (
        ("evil.example:8133", "http://evil.example:8133"),
        ("", "http://voice.example"),
        ("voice.example@evil.example", "http://voice.example"),
    ):
        assert await refusal(host, origin) == "origin_refused"


@pytest.mark.django_db(transaction=True)
async def test_a_page_of_our_name_over_plain_http_is_not_ours_over_tls(settings):
    settings.ALLOWED_HOSTS = ["voice.example"]
    assert await refusal("voice.example", "http://voice.example", "wss") == "origin_refused"
    assert await refusal("voice.example", "https://voice.example", "wss") == "no_such_session"


async def test_production_takes_no_plain_socket(settings):
    settings.ALLOWED_HOSTS, settings.REQUIRE_TLS = ["voice.example"], True
    assert await refusal("voice.example", "http://voice.example", "ws") == "https_required"


async def refusal(host: str, origin: str, scheme: str = "ws") -> str:
    """The code with which a socket of these headers is refused; there is no session to come into."""
    from uuid import uuid4

    from sessions_app.exceptions import SessionError
    from sessions_app.manager import SessionManager
    from voicebot import runtime

    scope = {
        "scheme": scheme,
        "client": ("127.0.0.1", 1),
        "headers": [(b"host", host.encode()), (b"origin", origin.encode())],
        "query_string": b"token=x",
        "url_route": {"kwargs": {"session_id": uuid4()}},
    }
    admission = Admission(
        entry_of_socket(scope), uuid4(), runtime.default().capacity, runtime.default().counts
    )
    try:
        await admission.admit(SessionManager())
    except SessionError as error:
        return error.code
    finally:
        await admission.release(0)
    return ""


@pytest.mark.django_db
def test_production_refuses_plain_http_before_a_token_is_read(client, settings):
    settings.REQUIRE_TLS = True
    make_character()
    answer = begin(client, authorization="Bearer secret")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "https_required")


@pytest.mark.parametrize(
    ("peer", "forwarded", "scheme"),
    [
        ("127.0.0.1", ["https"], "wss"),
        ("10.1.2.3", ["https"], "wss"),
        ("::ffff:10.1.2.3", ["https"], "wss"),
        ("", ["https"], "wss"),
        ("203.0.113.9", ["https"], "ws"),
        ("nonsense", ["https"], "ws"),
        ("127.0.0.1", ["http"], "ws"),
        ("127.0.0.1", ["https, http"], "ws"),
        ("127.0.0.1", ["https", "http"], "ws"),
        ("127.0.0.1", [], "ws"),
    ],
)
async def test_the_scheme_is_what_our_proxy_says_and_nobody_else(peer, forwarded, scheme, settings):
    settings.CLIENT_ADDRESS_HEADER = "X-Forwarded-For"
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    headers = [(b"x-forwarded-proto", value.encode()) for value in forwarded]
    own = [(b"x-forwarded-for", b"1.2.3.4"), (b"x-request-id", b"abcdefgh")]
    scope = {"type": "websocket", "scheme": "ws", "client": (peer, 1), "headers": [*headers, *own]}
    await TrustedProxies(app)(scope, None, None)
    assert seen["scheme"] == scheme
    trusted = peer not in ("203.0.113.9", "nonsense")
    assert seen["headers"] == (own if trusted else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("peer", "forwarded", "within"),
    [
        ("127.0.0.1", "", True),
        ("10.1.2.3", "", True),
        ("10.1.2.3", "203.0.113.9", False),
        ("203.0.113.9", "", False),
    ],
)
def test_figures_are_for_collectors_in_our_own_networks(client, peer, forwarded, within):
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=peer).status_code == (200 if within else 404)
    assert ("X-Seats-Taken" in client.get("/readyz", headers=headers, REMOTE_ADDR=peer)) is within
