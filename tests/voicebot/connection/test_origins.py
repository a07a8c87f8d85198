"""Which pages may talk to us."""

import pytest

from sessions_app.network import web_origins
from voicebot.connection.origins import is_allowed


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "talk.example", True),
        ("http://talk.example:8000", "talk.example:8000", True),
        ("http://talk.example", "TALK.example:80", True),
        ("http://TALK.example", "talk.example", False),
        ("https://talk.example:443", "talk.example", False),
        ("https://talk.example", "talk.example", False),
        ("https://partner.example", "talk.example", True),
        ("https://partner.example:444", "talk.example", False),
        ("http://partner.example", "talk.example", False),
        ("https://evil.example", "talk.example", False),
        ("https://talk.example.evil.example", "talk.example", False),
        ("http://talk.example:9", "talk.example", False),
        ("null", "talk.example", False),
        ("", "talk.example", False),
        ("file://", "talk.example", False),
        ("http://[bad", "talk.example", False),
        ("http://x:notaport", "talk.example", False),
    ],
)
def test_ours_and_the_listed_ones(settings, origin, host, allowed):
    settings.ALLOWED_ORIGINS = ["https://partner.example"]
    assert is_allowed(origin, web_origins.of_host("http", host)) is allowed


def test_an_empty_list_allows_nobody_else(settings):
    settings.ALLOWED_ORIGINS = []
    assert not is_allowed("https://anyone.example", web_origins.of_host("https", "talk.example"))
