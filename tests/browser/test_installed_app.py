"""The page as an app: its manifest, and a service worker that keeps a page for when there is no network."""

import contextlib
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page

from tests.browser.stage import on_stage, state_is

KEPT = """async () => Object.fromEntries(await Promise.all((await caches.keys()).map(async (name) =>
    [name, (await (await caches.open(name)).keys()).map(({url}) => new URL(url).pathname)])))"""
CONTROLLED = """() => new Promise((done) => {
    const look = () => navigator.serviceWorker.controller && done(true);
    navigator.serviceWorker.addEventListener("controllerchange", look);
    look();
})"""


@pytest.fixture
def installed(browser_with_microphone):
    """A page whose browser may have service workers."""

    @contextlib.asynccontextmanager
    async def open_page(**options: Any) -> AsyncIterator[Page]:
        async with browser_with_microphone(service_workers="allow", **options) as page:
            yield page

    return open_page


def test_the_manifest_names_what_an_app_needs_in_the_visitors_language(server):
    answer = server.request("/manifest.webmanifest", Accept_Language="zh-CN")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    about = answer.json
    assert {about[key] for key in ("id", "scope", "start_url")} == {"/"}
    assert (about["name"], about["display"], about["lang"]) == ("Greenroom", "standalone", "zh-hans")
    assert about["description"] != server.request("/manifest.webmanifest").json["description"]
    assert {(i["sizes"], i["purpose"]) for i in about["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in about["icons"]:
        got = server.request(icon["src"])
        assert got.headers["Content-Type"] == icon["type"] == "image/png"
        picture = Image.open(io.BytesIO(got.body))
        assert "{}x{}".format(*picture.size) == icon["sizes"]
        corner = picture.convert("RGBA").getpixel((0, 0))[3]
        assert corner == (255 if icon["purpose"] == "maskable" else 0), "a maskable one is cut by the system"


def test_what_is_kept_says_nothing_of_who_asked(server):
    for path in ("/offline/", "/service-worker.js"):
        mine = server.request(f"{path}?who=zanzibar", Cookie="greenroom_visitor=zanzibar; sessionid=zanzibar")
        anybodys = server.request(path)
        assert mine.body == anybodys.body
        assert anybodys.headers["Set-Cookie"] is None
    assert anybodys.headers["Content-Type"].startswith("text/javascript")
    assert anybodys.headers["Cache-Control"] == "no-cache"


async def test_without_a_network_a_page_says_so_and_nothing_else_was_kept(server, installed):
    async with installed(bypass_csp=False) as page:
        blocked: list[str] = []
        page.on("console", lambda m: blocked.append(m.text) if "Content Security Policy" in m.text else None)
        await page.goto(server.url + "/")
        assert await page.evaluate(CONTROLLED)
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.goto(f"{server.url}/admin/")
        kept = await page.evaluate(KEPT)
        (files,) = kept.values()
        assert files[0] == "/offline/"
        assert all(path.startswith("/static/voicebot/") for path in files[1:])
        assert blocked == []
        await page.context.set_offline(True)
        await page.goto(f"{server.url}/talk/captain-marlow/")
        assert await page.inner_text("h1") == "You are offline"
        serif = "document.fonts.ready.then(() => document.fonts.check('32px Fraunces'))"
        assert await page.evaluate(serif), "in its own letters"
        background = "getComputedStyle(document.body).backgroundColor !== 'rgba(0, 0, 0, 0)'"
        assert await page.evaluate(background), "in the house's look"
        assert "captain-marlow" in page.url, "to be tried again there"
        await page.context.set_offline(False)
        await page.get_by_role("link", name="Try again").click()
        await page.get_by_role("button", name="Talk with Captain Marlow").wait_for()


async def test_another_version_takes_over_at_once_and_holds_up_no_call(server, installed):
    async with installed() as page:
        await page.goto(server.url + "/")
        assert await page.evaluate(CONTROLLED)
        before = await page.evaluate(KEPT)
        await on_stage(page, server)
        await state_is(page, "speaking", "listening")
        # Another language is another page without a network, and so another version.
        await page.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": server.url}])
        await page.evaluate(
            """async () => {
                const taken = new Promise((done) =>
                    navigator.serviceWorker.addEventListener("controllerchange", done, {once: true}));
                await (await navigator.serviceWorker.ready).update();
                await taken;
            }"""
        )
        await page.wait_for_function(
            "async () => (await caches.keys()).length === 1"
        )  # the older one's is gone
        after = await page.evaluate(KEPT)
        assert after.keys() != before.keys()
        await state_is(page, "speaking", "listening")
        assert [
            path for files in after.values() for path in files if "/api/" in path or "/talk/" in path
        ] == []
