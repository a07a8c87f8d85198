"""Which words are a listener's, and which want the character to stop."""

import pytest

from voicebot.turns.backchannels import is_backchannel

LISTENING = """
Mm-hm.|Mm-hmm|Mhm.|mmm|Hm.|Hmm...|Uh-huh.|Uh huh|Yeah.|Yeah, yeah.|Yeah, okay.|Right.|Right, right.|Okay.|OK
O.K.|Oh.|Oh, I see.|I see.|Got it.|All right.|Sure.|Yes.|Aha!|Ah.|Ahh|Wow!|Of course.|Oh wow, yeah.|Go on.
Um-hum.|Yep.|嗯。|嗯嗯|嗯嗯嗯|对。|对对对|好。|好的|好的,好的|是的。|是啊|哦|明白|对,没错。|嗯,好。
"""
STOPPING = """
No.|No, no.|Wait.|Wait a minute.|Stop.|Stop it!|Please stop.|Okay, stop.|Yeah, but why?|Right?|Really?|Okay?
Hold on.|Yes, I would like to come with you.|What?|Excuse me.|Sorry.|Hello?|Not right.|Mm, no.
Yeah yeah yeah yeah yeah yeah.|I see a ship.|Go on without me.|Sure thing, but listen.|Ok Marlow|Uh, stop
不。|不是|等等|等一下|停|别说了|好了别说了|对不起|对吗?|好吗？|是不是|你好|嗯,等等|我明白你的意思
"""


def words(table: str) -> list[str]:
    return [each for line in table.split("\n") for each in line.split("|") if each]


@pytest.mark.parametrize("text", words(LISTENING))
def test_whoever_listens_interrupts_nobody(text):
    assert is_backchannel(text)


@pytest.mark.parametrize("text", [*words(STOPPING), "", "...", "♪"])
def test_everything_else_does(text):
    assert not is_backchannel(text)
