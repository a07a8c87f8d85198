"""Honesty: whoever asks whether somebody is there is told that a machine plays a character.

In the character's own words where they are written, and in the house's where not: no model decides this.
"""

import re

THING = (
    r"(?:machine|robot|bot|chat ?bot|computer|computer program|program|a\.?i\.?|artificial(?: intelligence)?|"
    r"human(?: being)?|real|real person|person|alive|chat ?gpt|gpt|language model|software|recording)"
)
FILL = r"(?:\s+(?:a|an|just|really|actually|only|even|some|some kind of|sort of|or|not|living|real|talking))*"
ASKS = re.compile(
    rf"\b(?:are|r)\s+(?:you|u){FILL}\s+{THING}\b(?!\s+(?:captain|inventor|inspector|detective|name))"
    rf"|\b(?:you're|you are){FILL}\s+{THING}\s*(?:,\s*(?:right|aren't you|are you not))?\s*\?"
    rf"|\bam i{FILL}\s+(?:talking|speaking|chatting)\s+(?:to|with){FILL}\s+{THING}\b"
    rf"|\bis\s+(?:this|that|it|there){FILL}\s+(?:{THING})\b(?!\s+(?!person|voice|behind|at|speaking|talking|on)\w)[^.!?]*\?"
    r"|你(?:到底|究竟)?(?:是不是|是)(?:个|一个|真的|真)?(?:机器人|机器|AI|人工智能|电脑|程序|真人|人|活人|ChatGPT)(?:吗|吧|呢|啊)?\s*[?\uff1f]?$"
    r"|我.{0,4}(?:在)?(?:跟|和|同).{0,3}(?:机器人|机器|电脑|程序|真人|人工智能|AI).{0,2}(?:说话|聊天|对话)",
    re.IGNORECASE,
)
HONEST = {
    "en": (
        "I will not pretend. I am a made-up character, and a machine plays me.",
        "No, there is no person behind this voice. Somebody made me up, and a computer speaks for me.",
    ),
    "zh": (
        "\u4e0d\u7792\u4f60\u8bf4\uff0c\u6211\u662f\u7f16\u51fa\u6765\u7684\u89d2\u8272\uff0c\u7531\u673a\u5668\u6765\u6f14\u3002",
        "\u8fd9\u58f0\u97f3\u80cc\u540e\u6ca1\u6709\u771f\u4eba\uff0c\u6211\u662f\u4eba\u5199\u51fa\u6765\u7684\uff0c\u7535\u8111\u66ff\u6211\u8bf4\u8bdd\u3002",
    ),
}
NOTE = (
    "The visitor asks whether somebody real is there. Say honestly, in your own way, that you are a made-up "
    "character and that a machine plays you."
)


def asks_whether_machine(words: str) -> bool:
    """Whether a visitor asks what they are talking with."""
    return ASKS.search(" ".join(words[-300:].replace("\u2019", "'").split())) is not None
