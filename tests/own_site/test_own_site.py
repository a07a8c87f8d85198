"""Another project, from the wheel: its own user model, URLs, theme and login, and ours below a prefix."""

import asyncio
import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from tests.browser.stage import CALL
from tests.own_site.harbour import EMAIL, PASSWORD, run
from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor


def test_nothing_comes_from_the_tree(project):
    names = ("characters", "greenroom", "sessions_app", "staff", "voicebot")
    code = f"import {', '.join(names)}\nfor room in ({', '.join(names)}): print(room.__file__)"
    places = run(str(project.python), "-c", code, cwd=project.place, env=project.environment).splitlines()
    assert len(places) == len(names)
    assert all(str(project.python.parent.parent) in place and "site-packages" in place for place in places)


def test_it_is_fit_to_be_deployed(project):
    """With warnings as errors. Nothing is migrated that the apps have not written down."""
    said = project.django("check", "--deploy", "--fail-level=WARNING", TLS="1")
    assert "no issues" in said
    assert "No changes detected" in project.django("makemigrations", "--check", "--dry-run")


DESK_PAGES = (
    *("", "account/", "members/member/", "auth/group/", "staff/passkey/", "voicebot/providerprofile/"),
    *("characters/character/add/", "characters/lorebook/", "sessions_app/apikey/"),
)
ADDRESS = re.compile(r"""(?:href|src|action|data-[a-z]+-url)=["'](/[^"']*)""")


@pytest.mark.parametrize("path", ["", "talk/captain-marlow/", "characters/ada-quill/"])
def test_every_address_of_a_page_is_below_the_prefix_and_answers(harbour, path):
    page = harbour.request(f"/voices/{path}")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    addresses = set(ADDRESS.findall(page.body.decode()))
    ours = {address for address in addresses if not address.startswith("/assets/")}
    assert {address for address in ours if not address.startswith("/voices/")} == {"/"}  # the project's own
    for address in addresses:
        method = "POST" if "/language/" in address else ""
        assert harbour.request(address, method=method).status in (200, 401, 403, 405), address


def test_what_is_not_there_says_so_as_page_and_as_json(harbour):
    """The errors are this project's own pages; the API's are JSON wherever it is."""
    assert harbour.request("/voices/api/sessions/nothing").status == 404
    refused = harbour.request(
        "/voices/api/start", {"transport": "websocket", "body": {"character": "nobody"}}
    )
    assert (refused.status, refused.json["error"]["code"]) == (404, "no_such_character")
    assert harbour.request("/api/start", {}).status == 404
    assert harbour.request("/talk/captain-marlow/").status == 404


def test_a_portrait_is_shown_without_the_project_serving_uploads(harbour):
    page = harbour.request("/voices/talk/captain-marlow/").body.decode()
    (portrait,) = re.findall(r'id="face" src="([^"]+)"', page)
    assert portrait.startswith("/voices/media/portraits/")
    assert harbour.request(portrait).headers["Content-Type"] == "image/webp"


def test_the_app_and_the_button_for_other_pages_are_below_the_prefix(harbour):
    about = harbour.request("/voices/manifest.webmanifest").json
    assert {about[key] for key in ("id", "scope", "start_url")} == {"/voices/"}
    worker = harbour.request("/voices/service-worker.js").body.decode()
    assert '"page": "/voices/offline/"' in worker
    assert harbour.request("/voices/embed.js").status == 200


async def test_a_conversation_goes_through_the_prefix_and_is_resumed(harbour):
    url, answer = await asyncio.to_thread(harbour.start_session)
    assert url.startswith(f"ws://127.0.0.1:{harbour.port}/voices/ws/session/")
    async with Visitor(url) as visitor:
        session = await visitor.get_ready()
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))  # the greeting
        await visitor.ask()
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert cookie.startswith("greenroom_visitor=")
    secret = {"Cookie": cookie, "Sec_Fetch_Site": "same-origin"}
    kept = await asyncio.to_thread(harbour.request, f"/voices/api/sessions/{session['id']}", **secret)
    assert {turn["role"] for turn in kept.json["turns"]} == {"user", "assistant"}
    again = {"transport": "websocket", "body": {"session": session["id"]}}
    back = await asyncio.to_thread(harbour.request, "/voices/api/start", again, **secret)
    async with Visitor(f"{back.json['wsUrl']}?token={back.json['token']}") as visitor:
        assert (await visitor.get_ready())["resumed"] is True


async def test_no_socket_is_anywhere_else(harbour):
    url, _ = await asyncio.to_thread(harbour.start_session)
    async with Visitor(url.replace("/voices/ws/", "/ws/")) as visitor:
        assert (await visitor.until_closed())[0] == 4404


async def test_a_visitor_talks_in_a_browser_from_the_projects_own_page_on(harbour, browser_with_microphone):
    """With the project's theme, under its policy: nothing is refused and nothing complains."""
    async with browser_with_microphone(bypass_csp=False) as page:
        complaints = watch(page)
        await page.goto(harbour.url + "/")
        await page.click("#voices")
        await page.locator(".harbour a").wait_for()
        assert await page.evaluate(
            "getComputedStyle(document.querySelector('.harbour')).backgroundColor"
        ) == ("rgb(18, 52, 59)")
        await page.click("a[href='/voices/talk/captain-marlow/']")
        await page.click("#begin")
        async with asyncio.timeout(PATIENCE_SECS):  # Playwright's own waiting needs another policy
            while not await page.evaluate(f"{CALL}.sound.heard > 10000"):
                await asyncio.sleep(0.1)
        await page.click("#end")
        await page.click("#end-now")
        await page.locator("#again:visible").wait_for()
        assert not complaints


async def test_the_app_installs_below_the_prefix(harbour, browser_with_microphone):
    async with browser_with_microphone(service_workers="allow") as page:
        await page.goto(harbour.url + "/voices/")
        async with asyncio.timeout(PATIENCE_SECS):
            scope = await page.evaluate("navigator.serviceWorker.ready.then((found) => found.scope)")
        assert scope == harbour.url + "/voices/"


async def test_the_button_for_other_pages_opens_the_stage_below_the_prefix(harbour, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(harbour.url + "/")
        button = "Object.assign(document.createElement('script'), {src: '/voices/embed.js'})"
        await page.evaluate(
            f"(s => {{ s.dataset.character = 'ada-quill'; document.body.append(s) }})({button})"
        )
        await page.click(".greenroom-talk")
        await page.frame_locator("iframe").get_by_role("button", name="Talk with Ada Quill").wait_for()
        assert urlsplit(await page.locator("iframe").get_attribute("src")).path == "/voices/embed/ada-quill/"


async def test_a_keeper_logs_in_at_the_projects_login_and_edits_at_the_desk(harbour, browser_with_microphone):
    async with browser_with_microphone() as page:
        complaints = watch(page)
        await page.goto(harbour.url + "/voices/desk/characters/character/")
        assert page.url.startswith(harbour.url + "/accounts/login/")
        await page.fill("[name=username]", EMAIL)
        await page.fill("[name=password]", PASSWORD)
        await page.click("button[type=submit]")
        await page.get_by_role("link", name="Ada Quill").first.click()
        await page.wait_for_selector("#desk[data-round]")
        await page.fill("#id_tagline", "By the harbour")
        await page.keyboard.press("Control+s")
        await page.get_by_text("was changed successfully").wait_for()
        assert await page.input_value("#id_tagline") == "By the harbour"
        assert page.url.startswith(harbour.url + "/voices/desk/")
        await page.get_by_role("link", name="Publish…").click()
        await page.get_by_role("button", name="Put on stage").click()
        await page.goto(harbour.url + "/voices/characters/ada-quill/")
        await page.get_by_text("By the harbour").first.wait_for()
        assert not complaints


async def test_the_desk_shows_a_conversation_of_an_account_by_its_own_name(harbour, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(harbour.url + "/accounts/login/")
        await page.fill("[name=username]", EMAIL)
        await page.fill("[name=password]", PASSWORD)
        await page.click("button[type=submit]")
        await page.locator("#member").wait_for()
        await page.goto(harbour.url + "/voices/talk/captain-marlow/")
        await page.click("#begin")
        await page.wait_for_function(f"{CALL}.sound.heard > 10000")
        for path in DESK_PAGES:
            answer = await page.goto(f"{harbour.url}/voices/desk/{path}")
            assert answer.status == 200, path
        await page.goto(f"{harbour.url}/voices/desk/sessions_app/voicesession/?q=keeper")
        await page.locator("#result_list").get_by_text(EMAIL).first.wait_for()


def watch(page: Page) -> list[str]:
    """What the console of a page complains about from now on."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    return complaints
