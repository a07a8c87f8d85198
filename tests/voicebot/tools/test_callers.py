"""Which words call a tool where the model cannot, and in which order a model reads calls."""

from characters.tools import ToolSpec
from voicebot.pipeline.acting import answers_last, without_calls
from voicebot.tools import called_by

DICE = ToolSpec("dice", "dice", keys=("roll the dice", "掷骰子"))
CLOCK = ToolSpec("clock", "clock", keys=("what time",))
ASKED = {"role": "user", "content": "Is it open?"}
CALL = {"role": "assistant", "tool_calls": [{"id": "1"}]}
ANSWER = {"role": "tool", "tool_call_id": "1", "content": "{}"}
MEANWHILE = {"role": "assistant", "content": "One moment."}


def test_keys_are_whole_words_whatever_their_case():
    assert called_by([DICE, CLOCK], "Please ROLL  the dice now") == [DICE]
    assert called_by([DICE, CLOCK], "stroll the dice") == []
    assert called_by([DICE, CLOCK], "帮我掷骰子吧") == [DICE]
    assert called_by([DICE, CLOCK], "What time is it? And roll the dice.") == [DICE, CLOCK]


def test_what_was_said_meanwhile_stands_before_the_answer_that_is_to_be_told():
    assert answers_last([ASKED, CALL, ANSWER, MEANWHILE]) == [ASKED, MEANWHILE, CALL, ANSWER]
    told = [ASKED, CALL, ANSWER, MEANWHILE, ASKED]
    assert answers_last(told) == told
    assert answers_last([ASKED, CALL, ANSWER]) == [ASKED, CALL, ANSWER]
    assert answers_last([ASKED, MEANWHILE]) == [ASKED, MEANWHILE]


def test_a_model_without_functions_reads_none():
    assert without_calls([ASKED, CALL, ANSWER, MEANWHILE]) == [ASKED, MEANWHILE]
