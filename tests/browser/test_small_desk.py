"""The admin on a desk and on a telephone: nothing beyond the edge, nothing too small, nothing that axe finds."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.test_everyone import violations
from tests.conftest import serving
from tests.servers import Server

LISTS = (
    "characters/character",
    "characters/lorebook",
    "sessions_app/voicesession",
    "voicebot/providerprofile",
    "sessions_app/apikey",
    "sessions_app/usage",
    "sessions_app/price",
    "sessions_app/eventendpoint",
    "sessions_app/outboxevent",
    "sessions_app/budget",
    "auth/user",
    "auth/group",
    "staff/passkey",
    "staff/authenticator",
)
ADDED = (
    "characters/character",
    "characters/lorebook",
    "voicebot/providerprofile",
    "sessions_app/apikey",
    "sessions_app/price",
    "sessions_app/eventendpoint",
    "sessions_app/budget",
)
OF_A_CHARACTER = (
    "change",
    "versions",
    "versions/diff",
    "publish",
    "withdraw",
    "delete",
    "history",
    "lorebook",
    "documents",
)
ALONE = (
    "",
    "account/",
    "password_change/",
    "nowhere/",
    "voicebot/providerprofile/stages/",
    "voicebot/providerprofile/line/",
)
BEYOND = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [...document.querySelectorAll("body *")].filter((e) => {
    const box = e.getBoundingClientRect();
    if (!box.width || box.right <= wide + 1 || getComputedStyle(e).visibility === "hidden") return false;
    for (let p = e.parentElement; p; p = p.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX) && p !== document.body && p !== document.documentElement) return false;
    return true;
  });
  return document.documentElement.scrollWidth > wide ? found.slice(0, 4).map((e) => e.outerHTML.slice(0, 140)) : [];
}"""
PICTURES = os.environ.get("DESK_PICTURES", "")  # a folder, for whoever wants to look


@pytest.fixture(scope="module")
def desk_server(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory, "small_desk") as running:
        yield running


async def addresses(page: Page, url: str) -> list[str]:
    """The pages of the admin, with the first object of each list."""
    found = [*ALONE, *(f"{model}/" for model in LISTS), *(f"{model}/add/" for model in ADDED)]
    for model in LISTS:
        await page.goto(f"{url}/admin/{model}/")
        links = await page.locator(f"#result_list a[href*='/admin/{model}/']").all()
        hrefs = [await link.get_attribute("href") or "" for link in links]
        changes = [href.partition("?")[0] for href in hrefs if "/change/" in href]
        if not changes:
            continue
        first = changes[0].removeprefix("/admin/")
        found.append(first)
        if model == "characters/character":
            found += [first.replace("change", part) for part in OF_A_CHARACTER[1:]]
    return found


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "dark", "zh-CN"), (1280, "light", "en-US")])
async def test_every_page_fits_and_axe_finds_nothing(
    desk_server, browser_with_microphone, width, scheme, locale
):
    cookie = desk_server.editor_cookie()["Cookie"].split("=")[1]
    size = {"width": width, "height": 844}
    wrong = []
    async with browser_with_microphone(
        viewport=size, color_scheme=scheme, locale=locale, reduced_motion="reduce"
    ) as page:
        await page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": desk_server.url}])
        for address in await addresses(page, desk_server.url):
            await page.goto(f"{desk_server.url}/admin/{address}")
            wrong += [f"{address}: beyond the edge: {html}" for html in await page.evaluate(BEYOND)]
            wrong += [f"{address}: {line}" for line in await violations(page)]
            if PICTURES:
                name = f"{address.replace('/', '-').replace('?', '-') or 'home'}-{width}-{scheme}.png"
                await page.screenshot(path=Path(PICTURES) / name, full_page=True)
    assert not wrong, "\n".join(wrong)
