"""Greenroom on pages of other origins: the talk button, the official clients with an API key, and refusals."""

import asyncio
import subprocess

import pytest

from tests.browser.stage import another_site, talkative
from tests.servers import ROOT

PARTS = """<button id="talk">Talk</button><button id="leave">Leave</button><div id="transcript"></div>"""
ISSUE = """
from sessions_app.identity import api_keys
print("KEY", api_keys.issue("partner", {origins!r})[1])
"""


def issue_key(server, *origins: str) -> str:
    return server.command("shell", "-c", ISSUE.format(origins=list(origins))).split("KEY ")[1].split()[0]


def page_with_button(server_url: str) -> dict[str, str]:
    return {
        "/": f"""<!doctype html><title>Partner</title><h1>Partner</h1><pre id="states"></pre>
            <script src="{server_url}/embed.js" data-character="captain-marlow" data-label="Call him"></script>
            <script>document.addEventListener("greenroom", (e) => states.textContent += e.detail.state + " ");
            </script>"""
    }


async def test_a_talk_button_on_an_allowed_page(own_server, browser_with_microphone):
    files: dict[str, str] = {}
    with another_site(files) as partner, another_site(files) as third:
        server = await asyncio.to_thread(own_server, ALLOWED_ORIGINS=partner)
        files.update(page_with_button(server.url))
        async with browser_with_microphone(bypass_csp=False) as page:
            await page.goto(partner)
            await page.get_by_role("button", name="Call him").click()
            frame = page.frame_locator("iframe")
            await frame.locator("#begin").click()
            await page.get_by_text("speaking").wait_for()
            told = await page.inner_text("#states")
            assert told.startswith("connecting ")
            assert "Ahoy" not in told
            await page.get_by_role("button", name="Close").click()
            assert await page.locator("iframe").count() == 0
        async with browser_with_microphone(bypass_csp=False) as page:
            answers = []
            page.on("response", lambda r: answers.append((r.url, r.status)) if "/embed/" in r.url else None)
            await page.goto(third)
            await page.get_by_role("button", name="Call him").click()
            await page.wait_for_timeout(1000)
            assert [status for _, status in answers] == [403]
            assert await page.frame_locator("iframe").locator("#begin").count() == 0
        # Whoever writes another origin into the address gets a page that this browser will not frame there.
        answer = await asyncio.to_thread(server.request, f"/embed/captain-marlow/?origin={partner}")
        assert f"frame-ancestors {partner}" in answer.headers["Content-Security-Policy"]


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> dict[str, str]:
    """The documentation's examples, bundled."""
    built = {}
    for name in ("talk.js", "talk.jsx"):
        out = tmp_path_factory.mktemp("examples") / "out.js"
        bundler = "../../tests/browser/bundle_example.js"
        command = [ROOT / "scripts/client.sh", "node", bundler, str(ROOT / "docs/examples" / name), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        built[name] = out.read_text()
    return built


@pytest.mark.parametrize("example", ["talk.js", "talk.jsx"])
async def test_the_official_clients_talk_from_another_origin_with_a_key(
    server, browser_with_microphone, examples, example, tmp_path
):
    files = {"/example.js": examples[example]}
    with another_site(files) as partner:
        key = await asyncio.to_thread(issue_key, server, partner)
        files["/"] = f"""<!doctype html><title>Partner</title>
            <body data-greenroom="{server.url}" data-api-key="{key}" data-character="ada-quill">
            <div id="app">{PARTS if example == "talk.js" else ""}</div><script type="module" src="/example.js"></script>"""
        async with browser_with_microphone(talkative(tmp_path / "again.wav", pause_secs=8)) as page:
            await page.goto(partner)
            await page.click("#talk")
            await page.wait_for_function(
                """() => /You: hello there[^]*scripted reply/.test(document.querySelector("#transcript").innerText)""",
            )


def start(server, key: str, origin: str | None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if origin:
        headers["Origin"] = origin
    return server.request("/api/start", {"body": {"character": "ada-quill"}}, **headers)


def ask_before(server, origin: str):
    """The preflight request that a browser sends ahead."""
    return server.request("/api/start", method="OPTIONS", Origin=origin, Access_Control_Request_Method="POST")


async def test_a_key_works_where_it_is_for_and_nowhere_else(server):
    key = await asyncio.to_thread(issue_key, server, "https://partner.example")
    for given, origin, status, code in [
        (key, "https://partner.example", 200, None),
        (key, None, 200, None),
        ("", "https://partner.example", 403, "origin_refused"),
        (key, "https://elsewhere.example", 403, "origin_refused"),
        ("gr_made-up", None, 401, "bad_key"),
        (key[:-1], "https://partner.example", 401, "bad_key"),
    ]:
        answer = await asyncio.to_thread(start, server, given, origin)
        assert answer.status == status, (given[:5], origin, answer.body)
        assert code is None or answer.json["error"]["code"] == code
    assert (await asyncio.to_thread(ask_before, server, "https://partner.example")).status == 204
    revoke = (
        "from sessions_app.identity import api_keys\nfrom sessions_app.models import ApiKey\n"
        "for k in ApiKey.objects.all(): api_keys.revoke(k)"
    )
    await asyncio.to_thread(server.command, "shell", "-c", revoke)
    # Both changes were made by another process: they hold here from the next request on.
    assert (await asyncio.to_thread(start, server, key, None)).status == 401
    assert (await asyncio.to_thread(ask_before, server, "https://partner.example")).status == 403


async def test_a_key_is_nowhere_in_the_database(server):
    import psycopg

    key = await asyncio.to_thread(issue_key, server, "https://partner.example")
    with psycopg.connect(server.database) as database:
        rows = database.execute("SELECT row_to_json(k)::text FROM sessions_app_apikey k").fetchall()
    assert rows
    assert not [row for (row,) in rows if key in row]
