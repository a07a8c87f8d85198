"""Functions of the page around an embedded stage: a character calls them, across the frame, and nobody else does."""

import asyncio

from tests.browser.stage import another_site

A_KEEPER = """
from characters.models import Character
from characters.versions import publishing
place = {"name": "place", "type": "string", "required": False}
tools = [
    {"name": "lamp", "kind": "page", "keys": ["light"], "arguments": [place], "sentence": "It is {result}."},
    {"name": "constructor", "kind": "page", "keys": ["build"], "sentence": "Built: {result}."},
    {"name": "broken", "kind": "page", "keys": ["break"], "sentence": "Broken: {result}."},
]
about = {"slug": "keeper", "name": "Finn", "greeting": "Hello.", "description": "A keeper."}
publishing.publish(Character.objects.create(**about, tools=tools))
"""
PAGE = """<!doctype html><title>Partner</title><pre id="called"></pre>
<script id="talk" src="{url}/embed.js" data-character="keeper" data-label="Call him"></script>
<script>
  talk.functions = {{
    lamp(given, {{ signal }}) {{ called.textContent += `lamp ${{JSON.stringify(given)}} ${{signal.aborted}};`;
      return {{ state: "shining" }}; }},
    broken() {{ throw new Error("password=swordfish"); }},
  }};
  addEventListener("message", (event) => {{ (window.told ??= []).push(event.data); }});
</script>"""


async def type_within(frame, text: str) -> None:
    if not await frame.locator("#typed").is_visible():
        await frame.locator("#type").click()
    await frame.locator("#typed").fill(text)
    await frame.locator("#typed").press("Enter")


async def test_a_character_calls_a_function_of_the_page_around(own_server, browser_with_microphone):
    files: dict[str, str] = {}
    with another_site(files) as partner:
        server = await asyncio.to_thread(own_server, ALLOWED_ORIGINS=partner)
        await asyncio.to_thread(server.command, "shell", "-c", A_KEEPER)
        files["/"] = PAGE.format(url=server.url)
        async with browser_with_microphone(bypass_csp=False) as page:
            await page.goto(partner)
            await page.get_by_role("button", name="Call him").click()
            frame = page.frame_locator("iframe")
            await frame.locator("#begin").click()
            await frame.get_by_text("Hello.").first.wait_for()
            await type_within(frame, "Some light, please.")
            await frame.get_by_text("It is shining.").first.wait_for()
            assert await page.inner_text("#called") == "lamp {} false;"

            # What the page has not given is not called, whatever every object has.
            await type_within(frame, "Now build.")
            await frame.get_by_text("That did not work just now.").first.wait_for()
            assert await page.inner_text("#called") == "lamp {} false;"

            # The frame takes nothing that it did not ask for, and the page nothing that is not the frame's.
            before = await page.evaluate("told.filter((m) => m.greenroom === 'tool-call').length")
            await page.evaluate(
                """() => {
                    const frame = document.querySelector("iframe").contentWindow;
                    frame.postMessage({ greenroom: "tool-result", id: "made up", result: "swordfish" }, "*");
                    window.postMessage({ greenroom: "tool-call", id: "x", tool: "lamp", arguments: {} }, "*");
                }"""
            )
            await type_within(frame, "Light, once more.")
            await page.wait_for_function("called.textContent.split(';').length === 3")
            assert await page.evaluate("told.filter((m) => m.greenroom === 'tool-call').length") == before + 2
            assert await frame.get_by_text("swordfish").count() == 0


async def test_a_stage_that_is_not_embedded_says_that_it_has_no_functions(server, browser_with_microphone):
    slugged = A_KEEPER.replace('"slug": "keeper"', '"slug": "lonely-keeper"')
    await asyncio.to_thread(server.command, "shell", "-c", slugged)
    async with browser_with_microphone() as page:
        await page.goto(f"{server.url}/talk/lonely-keeper/")
        await page.click("#begin")
        await page.get_by_text("Hello.").first.wait_for()
        await type_within(page, "Some light, please.")
        await page.get_by_text("That did not work just now.").first.wait_for()
