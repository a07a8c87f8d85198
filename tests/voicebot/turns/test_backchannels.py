"""Which words are a listener's, and which want the character to stop."""

import pytest

from voicebot.turns.backchannels import is_backchannel, is_hum

LISTENING = """
Mm-hm.|Mm-hmm|Mhm.|mmm|Hm.|Hmm...|Uh-huh.|Uh huh|Yeah.|Yeah, yeah.|Yeah, okay.|Right.|Right, right.|Okay.|OK
O.K.|Oh.|Oh, I see.|I see.|Got it.|All right.|Sure.|Yes.|Aha!|Ah.|Ahh|Wow!|Of course.|Oh wow, yeah.|Go on.
Um-hum.|Yep.|M-H-M-H-M.|M.H.N.|M H M
嗯。|嗯嗯|嗯嗯嗯|对。|对对对|好。|好的|好的,好的|是的。|是啊|哦|明白|对,没错。|嗯,好。
"""
STOPPING = """
No.|No, no.|Wait.|Wait a minute.|Stop.|Stop it!|Please stop.|Okay, stop.|Yeah, but why?|Right?|Really?|Okay?
Hold on.|Yes, I would like to come with you.|What?|Excuse me.|Sorry.|Hello?|Not right.|Mm, no.
Yeah yeah yeah yeah yeah yeah.|I see a ship.|Go on without me.|Sure thing, but listen.
Ok Marlow|Uh, stop|A|I|H-E|N.O.
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


# What Whisper makes of hums in several voices (`benchmarks/backchannels.py`), all doubted.
@pytest.mark.parametrize("text", ["Mama?", "A-ha", "and the machan", "As I move...", "Emily"])
def test_few_words_that_the_recogniser_doubts_are_a_hum(text):
    assert is_hum(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wait.",
        "No, the other.",
        "Stop it",
        "What?",
        "Who's there?",
        "等一下",
        "不要",
        "停",
        "什么",
        "Help me",
    ],
)
def test_what_may_want_it_to_stop_is_no_hum_however_badly_it_was_heard(text):
    assert not is_hum(text)


@pytest.mark.parametrize("text", ["I would like to go on", "我想听另外一个故事", ""])
def test_a_sentence_is_no_hum(text):
    assert not is_hum(text)
