"""The editor of lorebooks in a real browser: found, opened, saved, moved and shared, by mouse and by keyboard."""

import asyncio
import re

from tests.browser.test_desk import LIST, cookie, desk, desk_server, editor  # noqa: F401
from tests.browser.test_everyone import AXE, TAGS

TITLES = "[...document.querySelectorAll('#lore-rows .lore-open b')].map((b) => b.textContent)"


async def axe(page) -> list[str]:
    await page.evaluate(AXE.read_text())
    run = "(tags) => axe.run('#lore', {runOnly: {type: 'tag', values: tags}}).then((r) => r.violations)"
    found = await page.evaluate(run, TAGS)
    return [f"{v['id']}: {v['help']}: {node['html'][:150]}" for v in found for node in v["nodes"]]


async def titles(page, *expected: str) -> None:
    await page.wait_for_function(f"(names) => {TITLES}.join('|') === names", arg="|".join(expected))


async def new_entry(page, name: str, keys: str, content: str) -> None:
    await page.click("#lore-new")
    await page.fill("#lore_name", name)
    await page.fill("#lore_keys", keys)
    await page.fill("#lore_content", content)
    await page.keyboard.press("Control+s")
    await page.get_by_text(f"“{name}” is saved.").wait_for()


async def test_entries_are_written_tried_moved_searched_and_deleted(desk):  # noqa: F811
    async with editor(desk, "Ada Quill") as page:
        await page.wait_for_selector("#lore-count:not(:empty)")
        had = await page.evaluate(TITLES)
        await page.click("#lore-new")
        await page.fill("#lore_name", "One")
        await page.fill("#lore_keys", "zeppelin")
        await page.fill("#lore_content", "It floats.")
        await page.fill("#desk-talk", "a zeppelin!")
        await page.get_by_text("“zeppelin” in the last 6 messages").wait_for()  # before it is saved
        assert await axe(page) == []
        await page.click("#lore .lore-form [type=submit]")
        await titles(page, *had, "One")
        await new_entry(page, "Two", "quay", "The quay.")
        await new_entry(page, "Three", "rum", "The rum.")
        await titles(page, *had, "One", "Two", "Three")

        # by keyboard
        up = page.get_by_role("button", name="Move up: Three")
        await up.focus()
        await page.keyboard.press("Enter")
        await titles(page, *had, "One", "Three", "Two")
        assert await up.evaluate("(button) => button === document.activeElement")

        # by mouse
        grip = page.locator("#lore-rows li", has_text="Two").locator(".lore-grip")
        await grip.drag_to(page.locator("#lore-rows li", has_text="One").first)
        await titles(page, *had, "Two", "One", "Three")

        await page.fill("#lore-search", "floats")
        await titles(page, "One")
        await page.fill("#lore-search", "")
        await titles(page, *had, "Two", "One", "Three")

        await page.get_by_role("switch", name="On: Three").click()
        await page.get_by_text("Entries switched off: 1.").wait_for()
        assert await page.get_by_role("switch", name="On: Three").get_attribute("aria-checked") == "false"
        for name in ("Two", "Three"):
            await page.get_by_role("checkbox", name=f"Select: {name}").check()
        await page.click("#lore-chosen [data-do=delete]")
        await titles(page, *had, "One")
        await page.click("#lore-undo")
        await titles(page, *had, "Two", "One", "Three")
        await page.get_by_role("checkbox", name="Select: One").check()
        await page.click("#lore-chosen [data-do=copy]")
        await page.wait_for_selector("#lore .lore-form")
        assert await page.input_value("#lore_name") == "One (copy)"
        await page.reload()
        await page.get_by_text("with changes to publish").wait_for()


async def test_who_saves_over_somebody_else_sees_both_texts(desk_server, cookie, browser_with_microphone):  # noqa: F811
    async with browser_with_microphone() as page:
        await page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": desk_server.url}])
        await page.goto(desk_server.url + LIST)
        await page.get_by_role("link", name="Captain Marlow", exact=True).first.click()
        entry = page.locator("#lore .lore-open", has_text=re.compile("kraken", re.I)).first
        await entry.click()
        await page.fill("#lore_content", "MINE")
        other = await page.context.new_page()
        await other.goto(page.url)
        await other.locator("#lore .lore-open", has_text=re.compile("kraken", re.I)).first.click()
        await other.fill("#lore_content", "THEIRS")
        await other.click("#lore .lore-form [type=submit]")
        await other.get_by_text(re.compile("is saved")).wait_for()
        await page.click("#lore .lore-form [type=submit]")
        await page.wait_for_selector(".lore-conflict")
        assert await page.input_value("#lore_content") == "MINE"
        assert "THEIRS" in await page.inner_text(".lore-conflict")
        assert await axe(page) == []
        await page.click(".lore-conflict [data-take=content]")
        assert await page.input_value("#lore_content") == "THEIRS"
        await page.fill("#lore_content", "BOTH")
        # Saving the character saves the open entry first.
        await page.evaluate("window.before = true")
        await page.get_by_role("button", name="Save and continue editing").click()
        await page.wait_for_function("!window.before && document.querySelector('#desk[data-round]')")
        await page.locator("#lore .lore-open", has_text=re.compile("kraken", re.I)).first.click()
        await page.wait_for_selector("#lore_content")
        assert await page.input_value("#lore_content") == "BOTH"


async def test_a_shared_book_is_made_filled_and_taken_up_on_a_phone(desk):  # noqa: F811
    async with desk("/admin/characters/lorebook/add/") as page:
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.fill("#id_name", "Harbour")
        await page.get_by_role("button", name="Save and continue editing").click()
        await page.wait_for_selector("#lore")
        await new_entry(page, "Quay", "quay", "The quay is wet.")
        wide = "document.querySelector('#lore').scrollWidth > document.querySelector('#lore').clientWidth"
        assert not await page.evaluate(wide)
        assert await axe(page) == []
        await page.goto(page.url.split("/admin")[0] + LIST)
        await page.get_by_role("link", name="Inspector Fenn", exact=True).first.click()
        await page.get_by_label("Use a shared lorebook").select_option(label="Harbour")
        await page.get_by_role("button", name="Use it").click()
        await page.get_by_role("button", name="Do not use Harbour").wait_for()
        await page.fill("#desk-talk", "the quay")
        await page.get_by_text("“quay” in the last 6 messages").wait_for()
        assert not await page.evaluate(wide)
        assert await axe(page) == []
        await page.get_by_role("link", name="Harbour").click()
        await page.get_by_role("link", name="Publish who uses it…").click()
        await page.get_by_role("button", name="Put on stage").click()
        await page.get_by_text("On stage with this lorebook as it is now: Inspector Fenn.").wait_for()


async def test_what_is_typed_while_an_entry_is_saved_is_not_lost_and_saved_twice_is_one(desk):  # noqa: F811
    answered = asyncio.Event()
    posts = 0

    async def late(route):
        nonlocal posts
        if route.request.method == "POST":
            posts += 1
            await answered.wait()
        await route.continue_()

    async with editor(desk, "Inspector Fenn") as page:
        await page.route("**/lore/new/", late)
        await page.wait_for_selector("#lore-count:not(:empty)")
        had = await page.evaluate(TITLES)
        await page.click("#lore-new")
        await page.fill("#lore_name", "Slow")
        for _ in range(2):
            await page.keyboard.press("Control+s")
        await page.keyboard.press("End")
        await page.keyboard.type(" and steady")
        answered.set()
        await page.get_by_text("“Slow” is saved.").wait_for()
        assert await page.input_value("#lore_name") == "Slow and steady"
        await titles(page, *had, "Slow")
        await page.keyboard.press("Control+s")
        await page.get_by_text("“Slow and steady” is saved.").wait_for()
        await titles(page, *had, "Slow and steady")
        assert posts == 1
