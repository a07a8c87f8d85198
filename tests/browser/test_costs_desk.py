"""Charts and sums of usage at the desk: by day and by night, on a telephone, in both languages, for everyone."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.browser.test_everyone import violations
from tests.browser.test_small_desk import BEYOND
from tests.conftest import serving
from tests.servers import Server

AMOUNTS = (
    "estimated, unmeasured, cached_tokens, cache_write_tokens, reasoning_tokens, input_audio_tokens, "
    "cached_audio_tokens, output_audio_tokens, heard_ms, characters, spoken_ms"
)
USED = f"""INSERT INTO sessions_app_usage (session_id, part, day, stage, provider, model, "character", api_key,
    source, calls, input_tokens, output_tokens, {AMOUNTS})
    VALUES (gen_random_uuid(), gen_random_uuid(), %s, 'llm', %s, 'm', %s, 0, 'talk', 3, %s, %s,
    {", ".join("0" for _ in AMOUNTS.split(","))})"""
PRICED = """INSERT INTO sessions_app_price (stage, provider, model, unit, price, currency, valid_from)
    VALUES ('llm', 'openai', '', %s, %s, 'EUR', '2020-01-01')"""
PICTURES = os.environ.get("DESK_PICTURES", "")  # a folder, for whoever wants to look


@pytest.fixture(scope="module")
def used_server(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory, "costs_desk") as running:
        today = datetime.now(tz=UTC).date()
        with psycopg.connect(running.database, autocommit=True) as connection:
            for unit, price in (("input_tokens", "2.5"), ("output_tokens", "10")):
                connection.execute(PRICED, (unit, price))
            for back in range(12):
                for provider, character in (("openai", "captain-marlow"), ("acme", "vera")):
                    if provider == "acme" and back % 4:
                        continue
                    tokens = 100_000 * (back % 5 + 1)
                    day = today - timedelta(days=back)
                    connection.execute(USED, (day, provider, character, tokens, tokens // 20))
        yield running


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [(390, "light", "en-US"), (390, "dark", "zh-CN"), (1280, "dark", "en-US"), (1280, "light", "zh-CN")],
)
async def test_charts_fit_and_everyone_can_read_them(
    used_server, browser_with_microphone, width, scheme, locale
):
    cookie = used_server.editor_cookie()["Cookie"].split("=")[1]
    size = {"width": width, "height": 844}
    wrong = []
    async with browser_with_microphone(
        viewport=size, color_scheme=scheme, locale=locale, reduced_motion="reduce"
    ) as page:
        await page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": used_server.url}])
        for address in ("", "sessions_app/usage/", "sessions_app/usage/?by=character&days=30"):
            await page.goto(f"{used_server.url}/admin/{address}")
            if not address:
                charts = page.locator("svg.desk-bars")
                assert await charts.count() == 4
                for chart in await charts.all():
                    shown = await chart.bounding_box()
                    assert shown is not None
                    assert 250 < shown["width"] <= width
                assert await page.locator(".desk-unknown").count() == 3, "each fourth day"
                for table in await page.locator(".desk-figures summary").all():
                    await table.click()
                assert await page.locator(".desk-figures table").first.locator("tbody tr").count() == 14
            wrong += [f"{address}: beyond the edge: {html}" for html in await page.evaluate(BEYOND)]
            wrong += [f"{address}: {line}" for line in await violations(page)]
            if PICTURES:
                name = f"costs-{address[-4:].strip('/') or 'home'}-{width}-{scheme}.png"
                await page.screenshot(path=Path(PICTURES) / name, full_page=True)
    assert not wrong, "\n".join(wrong)
