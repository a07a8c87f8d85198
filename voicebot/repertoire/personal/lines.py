"""House lines: what is said to a visitor who asks what they have told, where a writer has written nothing.

{{told}} is a clause about them, {{told::value}} the bare thing.
"""

from collections.abc import Mapping

# ruff: noqa: RUF001
KNOWN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "name": (
            "You are {{told::value}}. I have not forgotten.",
            "{{told::value}}, of course.",
            "You told me yourself, you are {{told::value}}.",
            "That I know: {{told::value}}.",
        ),
        "last": ("You said: {{told}}", "A moment ago you said: {{told}}"),
        "": (
            "You told me so yourself: {{told}}.",
            "I was listening: {{told}}.",
            "If I heard you right, {{told}}.",
        ),
    },
    "zh": {
        "name": (
            "你是{{told::value}}，我没忘。",
            "{{told::value}}，当然记得。",
            "你自己告诉我的，你叫{{told::value}}。",
        ),
        "last": ("你刚才说的是：{{told}}", "你说：{{told}}"),
        "": ("你自己说过的，{{told}}。", "我听着呢，{{told}}。", "我没听错的话，{{told}}。"),
    },
}
UNKNOWN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "name": (
            "I do not have your name. What shall I call you?",
            "Your name I do not know. Tell me, and I will use it.",
        ),
        "": (
            "That I do not know of you. Will you tell me?",
            "I cannot find it among what you told me. How is it?",
            "That is for you to say, I do not have it.",
        ),
    },
    "zh": {
        "name": ("我还不知道你的名字，怎么称呼你呢？", "你的名字我没有记着，告诉我好吗？"),
        "": (
            "这个我不知道，你愿意告诉我吗？",
            "你说过的话里我没找着这一句，你再讲讲？",
            "这得你来说，我没记着。",
        ),
    },
}

NOTED: Mapping[str, tuple[str, ...]] = {
    "en": (
        "So {{told}}. I will remember that.",
        "You say that {{told}}? Tell me more of it.",
        "Good to know: {{told}}. How did that come about?",
    ),
    "zh": ("原来{{told}}，我记下了。", "哦，{{told}}？跟我多说说。", "{{told}}，这我可记住了，后来呢？"),
}


def noted_lines(language: str) -> tuple[str, ...]:
    return NOTED.get(language.split("-", maxsplit=1)[0].lower(), NOTED["en"])


def _of(lines: Mapping[str, Mapping[str, tuple[str, ...]]], language: str, kind: str) -> tuple[str, ...]:
    known = lines.get(language.split("-", maxsplit=1)[0].lower(), lines["en"])
    return known.get(kind, known[""])


def known_lines(language: str, kind: str) -> tuple[str, ...]:
    return _of(KNOWN, language, kind)


def unknown_lines(language: str, kind: str) -> tuple[str, ...]:
    return _of(UNKNOWN, language, kind)
