"""WebKit: a visitor's first conversation."""

import pytest

from tests.browser import first_conversation
from tests.browser.webkit import MISSING, WHY_NOT, webkit_page


@pytest.mark.skipif(MISSING, reason=WHY_NOT)
async def test_the_whole_first_conversation(server, tmp_path):
    async with webkit_page(tmp_path) as page:
        await first_conversation.hold(page, server)
