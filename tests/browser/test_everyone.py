"""For everyone: WCAG 2.2 AA as far as axe-core can tell, and the interface in both languages."""

import importlib.util

import pytest

from tests.browser.shown import STATES, show
from tests.browser.stage import CALL, hang_up, on_stage, state_is
from tests.servers import ROOT

AXE = ROOT / "voicebot" / "client" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page) -> list[str]:
    # What is fading in has not its colours yet.
    await page.evaluate("Promise.all(document.getAnimations().map((a) => a.finished.catch(() => 0)))")
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then((r) => r.violations)", TAGS
    )
    return [f"{v['id']}: {v['help']}: {node['html'][:150]}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 320)])
async def test_axe_finds_nothing(server, browser_with_microphone, scheme, width):
    size = {"width": width, "height": 800}
    async with browser_with_microphone(viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        for path in ("/", "/characters/captain-marlow/", "/talk/captain-marlow/"):
            await page.goto(server.url + path)
            assert await violations(page) == [], path
        await on_stage(page, server)
        await state_is(page, "speaking")
        assert await violations(page) == [], "speaking"
        await state_is(page, "listening")
        await page.keyboard.press("l")
        await page.wait_for_selector("#lines li")
        assert await violations(page) == [], "with transcript"
        await page.keyboard.press("l")
        for dialog in ("settings", "help"):
            await page.click(f"[data-opens={dialog}]")
            assert await violations(page) == [], dialog
            await page.keyboard.press("Escape")
        await hang_up(page)
        await state_is(page, "ended")
        assert await violations(page) == [], "ended"
        await page.goto(f"{server.url}/talk/captain-marlow/")
        await page.click("#past-open")
        await page.wait_for_selector("#past-list li")
        assert await violations(page) == [], "past"


@pytest.mark.parametrize(("scheme", "locale"), [("light", "zh-CN"), ("dark", "en-US")])
async def test_axe_finds_nothing_in_any_state_on_a_phone(server, browser_with_microphone, scheme, locale):
    phone = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce"}
    async with browser_with_microphone(color_scheme=scheme, locale=locale, **phone) as page:
        for path in ("/", "/characters/captain-marlow/", "/talk/nobody-of-that-name/"):
            await page.goto(server.url + path)
            assert await violations(page) == [], path
        found = {}
        for state in STATES:
            await page.goto(f"{server.url}/talk/captain-marlow/")
            await show(page, state)
            found[state] = await violations(page)
        assert {state: what for state, what in found.items() if what} == {}


async def test_with_reduced_motion_nothing_moves_and_the_ring_is_a_bar(server, browser_with_microphone):
    async with browser_with_microphone(reduced_motion="reduce") as page:
        moving = "document.getAnimations().filter((a) => a.effect.getComputedTiming().duration > 1).length"
        for state in STATES:
            await page.goto(f"{server.url}/talk/captain-marlow/")
            await show(page, state)
            assert await page.evaluate(moving) == 0, state
            assert await page.is_hidden(".ring")
        await show(page, "speaking")
        assert await page.is_visible(".meters .character")


async def tab_to(page, id_: str) -> None:
    for _ in range(25):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == id_:
            return
    raise AssertionError(f"Tab does not lead to {id_}")


async def test_a_whole_conversation_by_keyboard_alone(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")

        async def press(id_: str) -> None:
            await tab_to(page, id_)
            await page.keyboard.press("Enter")

        await press("begin")
        await state_is(page, "speaking")
        await press("interrupt")
        await state_is(page, "listening")
        assert await page.evaluate("document.activeElement.id") == "interrupt", (
            "it keeps its place and the focus"
        )
        await press("type")
        await page.keyboard.type("Can you read me?")
        await page.keyboard.press("Enter")
        await page.wait_for_function(f"{CALL}.transcript.lines.some((l) => l.text.includes('scripted'))")
        await press("microphone")
        assert await page.evaluate(f"{CALL}.muted")
        await press("transcript-toggle")
        await page.wait_for_selector("#lines li")
        await press("transcript-close")
        assert await page.is_hidden("#transcript")
        await press("end")
        await page.wait_for_function("document.activeElement.id === 'take-back'")
        await page.keyboard.press("Enter")
        await press("end")
        await page.wait_for_function("document.activeElement.id === 'take-back'")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await state_is(page, "ended")
        await page.wait_for_function("document.activeElement.id === 'again'")
        await page.keyboard.press("Enter")
        await state_is(page, "listening", "speaking")


async def test_the_stage_is_in_order_without_a_mouse(server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/captain-marlow/")
        order = []
        for _ in range(12):
            await page.keyboard.press("Tab")
            where = "document.activeElement.id || document.activeElement.dataset.opens || ''"
            order.append(await page.evaluate(where))
            if order[-1] == "begin":
                break
        assert order[-1] == "begin", order
        await page.keyboard.press("Enter")
        await state_is(page, "speaking")
        await page.keyboard.press("s")
        for _ in range(14):  # round and round: the focus stays in the dialog, and Escape gives it back
            await page.keyboard.press("Tab")
            inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            assert await page.evaluate(inside)
        await page.keyboard.press("Escape")
        assert await page.is_hidden("#settings")


async def test_at_two_hundred_percent_nothing_is_lost(server, browser_with_microphone):
    async with browser_with_microphone(viewport={"width": 640, "height": 400}) as page:  # 1280 by 800, zoomed
        await on_stage(page, server)
        await state_is(page, "speaking")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 640
        for button in ("#type", "#microphone", "#end"):
            assert await page.is_visible(button)


async def test_the_interface_follows_the_browser_and_can_be_switched(server, browser_with_microphone):
    async with browser_with_microphone(locale="zh-CN") as page:
        await page.goto(server.url + "/")
        assert await page.get_attribute("html", "lang") == "zh-hans"
        assert await page.inner_text("h1") == "你想和谁聊聊？"
        await on_stage(page, server)
        await state_is(page, "speaking")
        assert await page.inner_text("#state") == "说话即可打断"
        assert await page.inner_text("#microphone-words") == "静音"
        await page.goto(server.url + "/")
        await page.get_by_role("button", name="English").click()
        await page.wait_for_function("document.documentElement.lang === 'en'")
        await page.goto(f"{server.url}/talk/captain-marlow/")
        # Whether the greeting was heard far enough to be gone on with depends on the machine; its language does not.
        assert await page.inner_text("#begin") in ("Talk with Captain Marlow", "Go on with Captain Marlow")


def test_every_word_of_the_interface_is_translated():
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec
    assert spec.loader
    messages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(messages)
    assert messages.problems(check=True) == []
