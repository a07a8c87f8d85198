"""What is spoken differs from what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.providers.speech.speech_text import speakable


@pytest.mark.parametrize(
    ("read", "spoken"),
    [
        ("Hello there.", "Hello there."),
        ("*smiles warmly* Hello.", "Hello."),
        ("*smiles* Hello *leans back*, friend.", "Hello, friend."),
        ("I *really* mean it.", "I really mean it."),
        ("That was **very** good, __indeed__.", "That was very good, indeed."),
        ("*He looks up. He smiles.* Hello.", "Hello."),
        ("*nods*", ""),
        ("🙂", ""),
        ("Ahoy 👩‍🚀🏴‍☠️, friend! 👍🏽", "Ahoy, friend!"),
        ("# Heading\n- one\n- two", "Heading\none\ntwo"),
        ("See [the map](https://x.example/map?a=1).", "See the map."),
        ("Go to https://www.example.com/a/b?c=d#e, then rest.", "Go to example.com, then rest."),
        ("www.example.com/path is it.", "example.com is it."),
        ("`code` and ~~gone~~ words", "code and words"),
        ("2*3*4 is 24.", "2*3*4 is 24."),
        ("A * alone stays.", "A * alone stays."),
        ("你好，*微笑* 朋友。", "你好， 朋友。"),
        ("Don't *you* dare!", "Don't you dare!"),
        ("...", ""),
    ],
)
async def test_a_voice_says_words(read, spoken):
    assert await speakable(read) == spoken


@given(st.text(alphabet="*_~`#[]() ab\n.😀", max_size=60))
async def test_no_text_breaks_it(text):
    spoken = await speakable(text)
    assert "😀" not in spoken
