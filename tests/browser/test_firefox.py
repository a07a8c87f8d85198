"""Firefox: a visitor's first conversation."""

import pytest

from tests.browser import first_conversation
from tests.browser.driven import PULSEAUDIO
from tests.browser.firefox import FIREFOX, WHY_NOT, firefox_page


@pytest.mark.skipif(not (FIREFOX and PULSEAUDIO), reason=WHY_NOT)
async def test_the_whole_first_conversation(server, tmp_path):
    async with firefox_page(tmp_path / "profile") as page:
        await first_conversation.hold(page, server)
        assert (
            await page.evaluate("Object.values(JSON.parse(localStorage.getItem('greenroom.lines')))[0].line")
            == "webrtc"
        )
        assert page.complaints == []
