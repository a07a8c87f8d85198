"""An editor's day in a real browser: unsaved text, two editors, keys, the crop, voices, a chat, many cards; and axe."""

import json

import pytest
from playwright.async_api import Page

from tests.browser.test_desk import LIST, cookie, desk, desk_server, editor  # noqa: F401  (fixtures)
from tests.browser.test_everyone import AXE
from tests.characters.factory import picture
from tests.characters.test_cards import as_json

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
KEPT = "document.getElementById('desk-kept').textContent.startsWith('Draft kept')"


async def words_tab(page: Page, name: str = "Words") -> None:
    await page.get_by_role("tab", name=name, exact=True).click()


async def test_what_is_typed_is_kept_and_comes_back_and_ctrl_s_saves(desk):  # noqa: F811
    async with editor(desk, "Ada Quill") as page:
        await page.fill("#id_tagline", "Half a thought")
        await page.wait_for_function(KEPT)
        url = page.url
        await page.evaluate("window.onbeforeunload = null")
        await page.goto("about:blank")
        await page.goto(url)
        await page.get_by_text("This is what you typed and did not save").wait_for()
        assert await page.input_value("#id_tagline") == "Half a thought"
        await page.focus("#id_tagline")
        await page.keyboard.press("Control+s")
        await page.get_by_text("was changed successfully").wait_for()
        assert await page.input_value("#id_tagline") == "Half a thought"
        assert await page.locator("#desk-restored").is_hidden()
        await page.goto(url)
        assert await page.locator("#desk-restored").is_hidden()


async def test_two_editors_are_told_of_each_other_and_neither_loses_a_word(desk):  # noqa: F811
    async with editor(desk, "Captain Marlow") as page:
        other = await page.context.new_page()
        await other.goto(page.url)
        await other.wait_for_selector("#desk[data-round]")
        await other.fill("#id_tagline", "Theirs")
        await other.get_by_role("button", name="Save and continue editing").click()
        await other.get_by_text("was changed successfully").wait_for()
        await page.fill("#id_tagline", "Mine")
        await page.get_by_role("button", name="Save and continue editing").click()
        await page.get_by_role("heading", name="Somebody else has saved meanwhile").wait_for()
        assert await page.input_value("#id_tagline") == "Mine"
        shown = await page.inner_text(".desk-conflict")
        assert "Mine" in shown
        assert "Theirs" in shown
        await axe(page)
        await page.get_by_label("Take mine").check()
        await page.get_by_role("button", name="Save with these choices").click()
        await page.get_by_text("was changed successfully").wait_for()
        assert await page.input_value("#id_tagline") == "Mine"


async def test_publishing_leads_to_the_field_that_is_missing_by_keyboard(desk):  # noqa: F811
    async with editor(desk, "Inspector Fenn") as page:
        tab = page.get_by_role("tab", name="Words", exact=True)
        await tab.focus()
        await page.keyboard.press("Enter")
        await page.fill("#id_greeting", "")
        await page.get_by_role("link", name="Publish…").click()
        await page.get_by_text("write the first words that a visitor hears").wait_for()
        await page.wait_for_function("document.activeElement.id === 'id_greeting'")
        await page.fill("#id_greeting", "Evening. Sit down.")
        await page.get_by_role("link", name="Publish…").click()
        await page.get_by_role("button", name="Put on stage").wait_for()


@pytest.mark.local
async def test_a_portrait_is_cropped_by_keys_voices_are_picked_and_the_draft_answers(desk):  # noqa: F811
    async with editor(desk, "Wren of the Lamps") as page:
        tall = {"name": "tall.png", "mimeType": "image/png", "buffer": picture((400, 900))}
        await page.set_input_files("#character_form input[name=avatar]", tall)
        await page.wait_for_selector("#desk-crop[data-cropped]")
        before = await page.get_attribute("#desk-crop", "data-cropped")
        await page.focus("#desk-crop")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("+")
        await page.wait_for_function(f"document.getElementById('desk-crop').dataset.cropped !== '{before}'")
        await page.wait_for_function(KEPT)
        await words_tab(page, "Voice and mind")
        slider = page.get_by_label("pitch, as a slider")
        await slider.focus()
        was = float(await page.input_value("#id_voice_pitch"))
        await page.keyboard.press("ArrowLeft")
        assert float(await page.input_value("#id_voice_pitch")) == was - 0.5
        await page.select_option("#id_tts_provider", "local")
        await page.get_by_role("button", name="joe · man · American", exact=True).click()
        assert await page.input_value("#id_voice") == "joe"
        await page.get_by_role("button", name="Hear joe · man · American").click()
        await page.wait_for_selector("#desk-voice-line[data-heard=joe]", state="attached")
        await page.select_option("#id_llm_provider", "scripted")
        await page.get_by_role("button", name="Write with the draft").click()
        await page.wait_for_selector("#desk-chat-log > div")
        await page.fill("#desk-chat-text", "Who are you?")
        await page.keyboard.press("Enter")
        await page.get_by_text("This is a short scripted reply for you").wait_for()
        await axe(page)
        await page.keyboard.press("Escape")
        assert await page.locator("#desk-chat").is_hidden()


async def test_a_hundred_and_twenty_cards_in_one_drop_are_all_there_and_the_list_is_new(desk):  # noqa: F811
    async with desk(LIST) as page:
        files = [
            {
                "name": f"c{number}.json",
                "mimeType": "application/json",
                "buffer": as_json({"name": f"Many {number:03}", "description": "x"}),
            }
            for number in range(120)
        ]
        await page.set_input_files("#desk-drop input", files)
        await page.get_by_text("120 of 120 cards were taken.").wait_for(timeout=120_000)
        await page.get_by_role("link", name="Many 001", exact=True).nth(1).wait_for()


async def axe(page: Page) -> None:
    """Nothing that axe finds in what is ours; the theme's own parts are another's."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        """(tags) => axe.run({include: [['.desk-actions, .desk-card, .desk-chat, .desk, .desk-conflict, .desk-table']]},
            {runOnly: {type: 'tag', values: tags}}).then((r) => r.violations)""",
        TAGS,
    )
    assert found == [], json.dumps([[v["id"], [n["html"] for n in v["nodes"]]] for v in found], indent=1)


@pytest.mark.parametrize("width", [390, 1440])
async def test_pages_of_the_desk_fit_and_axe_finds_nothing(desk, width):  # noqa: F811
    async with editor(desk, "Ada Quill") as page:
        await page.set_viewport_size({"width": width, "height": 844})
        url = page.url.split("?")[0].split("#")[0]
        for path in (
            "",
            "../versions/",
            "../versions/1/take-up/",
            "../withdraw/",
            "../delete/",
            "../publish/",
        ):
            await page.goto(f"{url}{path}")
            await axe(page)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path or 'the form'} is {wide} wide"
