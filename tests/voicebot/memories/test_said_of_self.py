"""What a turn says of its speaker: what is remembered of it, and what holds for this conversation.

One table for both, as both come from the same rules.
"""

from datetime import date

import pytest

from voicebot.history.visitor_facts import facts_in
from voicebot.memories import findings_of

SUNDAY = date(2026, 3, 1)
SAID = [  # a turn, the memories of it, the facts of the running conversation
    ("My name is Robin.", ["is called Robin"], {"name": "Robin"}),
    ("my name is robin", ["is called Robin"], {"name": "Robin"}),
    (
        "Hi, I'm Robin and I have a dog called Pip.",
        ["is called Robin", "has a dog called Pip"],
        {"name": "Robin", "family": "My dog is called Pip"},
    ),
    ("Call me Kit.", ["is called Kit"], {"name": "Kit"}),
    ("Hello there, I am Fine.", [], {}),
    ("I'm American.", [], {}),
    ("My dog’s name is Pip.", ["has a dog called Pip"], {"family": "My dog is called Pip"}),
    ("I live in Hamburg, near the harbour.", ["lives in Hamburg"], {"home": "Hamburg"}),
    ("I am a nurse.", ["is a nurse"], {"work": "a nurse"}),
    ("I'm a bit tired.", [], {"mood": "tired"}),
    (
        "I love strawberries and I can't stand rain.",
        ["likes strawberries", "does not like rain"],
        {"likes": "strawberries"},
    ),
    ("I'm going to sail to Crete on Friday.", ["planned to sail to Crete on Friday (6 March 2026)"], {}),
    ("I have an exam tomorrow.", ["had an exam tomorrow (2 March 2026)"], {}),
    ("I want to know about the kraken.", [], {"wish": "know about the kraken"}),
    ("I'm going to ask you something.", [], {}),
    ("Remember that I never take sugar.", ["asked to be remembered: they never take sugar"], {}),
    ("Do you remember my dog?", [], {}),
    ("What is your name?", [], {}),
    (
        "我叫小明，我养了一只狗，叫皮普。",
        ["叫小明", "养了一只狗，叫皮普"],
        {"name": "小明", "family": "我的狗叫皮普"},
    ),
    ("我住在上海。", ["住在上海"], {"home": "上海"}),
    ("我打算下周五去克里特岛。", ["打算下周五去克里特岛（2026年3月6日）"], {"wish": "下周五去克里特岛"}),
    ("我不喜欢下雨。", ["不喜欢下雨"], {}),
    ("记住我不喝牛奶", ["要求记住：自己不喝牛奶"], {}),
    ("你叫什么名字？", [], {}),
    ("我想知道海怪的事", [], {}),
    ("Hello, my name is Oliver.", ["is called Oliver"], {"name": "Oliver"}),
    (
        "my name's anna marie and I'm very sad today",
        ["is called Anna Marie"],
        {"name": "Anna Marie", "mood": "sad"},
    ),
    ("I'm Robin, nice to meet you", ["is called Robin"], {"name": "Robin"}),
    ("You can call me Tess by the way", ["is called Tess"], {"name": "Tess"}),
    ("I'm fine, thanks.", [], {}),
    ("I'm Not so sure.", [], {}),
    (
        "I'm from a small town near Bergen, but I live in Oslo now.",
        ["lives in Oslo now", "comes from a small town near Bergen"],
        {"home": "Oslo now"},
    ),
    ("I work as a nurse.", ["works as a nurse"], {"work": "a nurse"}),
    ("I’d love to see the northern lights one day.", [], {"wish": "see the northern lights one day"}),
    ("I want to learn chess because my son plays", [], {"wish": "learn chess"}),
    ("I love old maps.", ["likes old maps"], {"likes": "old maps"}),
    ("I love you.", ["likes the character"], {}),
    ("My dog is called Rex.", ["has a dog called Rex"], {"family": "My dog is called Rex"}),
    ("我叫小林。", ["叫小林"], {"name": "小林"}),
    ("叫我阿杰就行", ["叫阿杰"], {"name": "阿杰"}),
    ("我来自成都，今天很累。", ["来自成都"], {"home": "成都"}),
    ("我今天很难过", [], {"mood": "难过"}),
    ("我喜欢你", ["喜欢你"], {}),
    ("我叫什么名字？", [], {}),
    ("my name is robin i live in oslo", ["lives in oslo"], {"name": "Robin", "home": "oslo"}),
    ("My name is Robin too", ["is called Robin"], {"name": "Robin"}),
    ("call me when you arrive", [], {}),
    (
        "My name is Élodie and I love rain",
        ["is called Élodie", "likes rain"],
        {"name": "Élodie", "likes": "rain"},
    ),
    ("my name is 小林", ["is called 小林"], {"name": "小林"}),
    ("I live in Oslo. I'm from Bergen.", ["lives in Oslo", "comes from Bergen"], {"home": "Oslo"}),
    ("my sister is called Ann", [], {"family": "my sister is called Ann"}),
    ("Well hello, I'm Robin.", [], {"name": "Robin"}),
    ("I go by Kit", ["is called Kit"], {"name": "Kit"}),
    ("I love you too", ["likes the character"], {}),
    ("我家在成都", ["住在成都"], {"home": "成都"}),
    ("我想要什么？", [], {}),
    ("我爱上了一个人。", [], {}),
    ("我养了一只猫，叫团子", ["养了一只猫，叫团子"], {"family": "我的猫叫团子"}),
    ("喊我阿强就行了", ["叫阿强"], {"name": "阿强"}),
]


@pytest.mark.parametrize(("said", "remembered", "facts"), SAID, ids=[said for said, *_ in SAID])
def test_a_turn_says_this_of_its_speaker(said, remembered, facts):
    assert [finding.text for finding in findings_of(said, SUNDAY)] == remembered
    assert facts_in(said) == facts


def test_what_holds_for_a_conversation_alone_is_never_remembered():
    said = "I'm so sad. I want to learn chess. My sister is called Ann. I wonder whether I'm Robin."
    assert set(facts_in(said)) == {"mood", "wish", "family", "name"}
    assert findings_of(said, SUNDAY, sensitive=True) == []
