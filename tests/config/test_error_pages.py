"""Pages for what cannot be shown: ours, in the visitor's language, with a way home; under /api/ as JSON."""

import pytest
from django.test import Client

from characters import catalog
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


def is_ours(page, status: int) -> bool:
    text = page.content.decode()
    return page.status_code == status and 'href="/"' in text and "voicebot/greenroom" in text


def test_an_address_with_nothing_at_it_shows_the_way_home(visitor):
    page = visitor.get("/nowhere/")
    assert is_ours(page, 404)
    assert "There is nothing at this address" in page.content.decode()


def test_every_such_page_is_in_the_visitors_language(visitor, monkeypatch):
    monkeypatch.setattr(catalog, "get", lambda slug: 1 / 0)
    pages = [
        visitor.get("/nowhere/", headers={"accept-language": "zh-CN"}),
        visitor.get("/", headers={"accept-language": "zh-CN", "host": "elsewhere.example"}),
        visitor.get("/embed/x/?origin=https://evil.example", headers={"accept-language": "zh-CN"}),
        visitor.get("/talk/x/", headers={"accept-language": "zh-CN"}),
    ]
    assert [page.status_code for page in pages] == [404, 400, 403, 500]
    for page in pages:
        assert is_ours(page, page.status_code)
        assert 'lang="zh-hans"' in page.content.decode()
        assert "回到首页" in page.content.decode()


def test_a_refused_host_is_told_which_setting_to_change(visitor):
    page = visitor.get("/", headers={"host": "phone.example"})
    assert is_ours(page, 400)
    text = page.content.decode()
    assert "ALLOWED_HOSTS" in text
    assert "phone.example" in text
    answer = visitor.post("/api/start", {}, headers={"host": "phone.example"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"
    assert "ALLOWED_HOSTS" in answer.json()["error"]["message"]


def test_a_name_that_is_no_host_is_not_repeated(visitor):
    page = visitor.get("/", headers={"host": "<script>alert(1)</script>"})
    assert page.status_code == 400
    assert "<script>alert" not in page.content.decode()


def test_who_may_not_see_a_page_is_told_so(visitor):
    assert is_ours(visitor.get("/embed/x/?origin=https://evil.example"), 403)


def test_a_form_without_its_token_is_explained():
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/language/", {"language": "en"})
    assert is_ours(page, 403)
    assert "cookies" in page.content.decode()


def test_a_failure_of_ours_says_nothing_of_its_cause(visitor, monkeypatch):
    def fail(slug: str) -> None:
        raise RuntimeError("zanzibarquince")

    monkeypatch.setattr(catalog, "get", fail)
    page = visitor.get("/talk/x/")
    assert is_ours(page, 500)
    assert "zanzibarquince" not in page.content.decode()


def test_a_page_of_a_character_that_left_says_so(visitor):
    make_character(slug="leaver", published=False)
    page = visitor.get("/talk/leaver/")
    assert is_ours(page, 404)
    assert "Not on stage" in page.content.decode()
