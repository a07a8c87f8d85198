"""House words: what is said where a writer has left a gap, a few in each language."""

from collections.abc import Iterator, Mapping

# Before an answer that was given a while ago, and is the only one.
AGAIN = {
    "en": ("As I said, ", "Once more, then. ", "It is as I told you. "),
    "zh": ("我刚才说过，", "那我再说一遍，", "还是那句话，"),  # noqa: RUF001
}
# Before what was said last, for whoever did not hear it.
SAID = {
    "en": ("I said: ", "Once again: ", "My words were: "),
    "zh": ("我刚才说：", "再说一遍：", "我是说："),  # noqa: RUF001
}
# Where nothing more is written of what was said last.
NO_MORE = {
    "en": (
        "There is no more to it than that.",
        "That is all there is to tell of it.",
        "That was the whole of it.",
    ),
    "zh": ("就这些了，没有更多的了。", "这件事我知道的就这么多。", "就讲到这儿，再没有了。"),  # noqa: RUF001
}
# Where nothing fits, and nobody has written anything for that.
NOTHING_FITS = {
    "en": (
        "I have nothing to say to that. Shall we talk about something else?",
        "That is more than I know. What else is on your mind?",
        "I would rather not guess. Ask me something else.",
    ),
    "zh": (
        "这个我答不上来。我们聊点别的，好吗？",  # noqa: RUF001
        "这我就不懂了。你还想聊什么？",  # noqa: RUF001
        "我不想乱猜。换个问题问我吧。",
    ),
}


def _of(words: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    return words.get(language.split("-", maxsplit=1)[0].lower(), words["en"])


def again_of(language: str) -> tuple[str, ...]:
    return _of(AGAIN, language)


def said_of(language: str) -> tuple[str, ...]:
    return _of(SAID, language)


def no_more_of(language: str) -> tuple[str, ...]:
    """In a language, or `*` for all of them."""
    return sum(NO_MORE.values(), ()) if language == "*" else _of(NO_MORE, language)


def nothing_fits_of(language: str) -> tuple[str, ...]:
    """In a language, or `*` for all of them."""
    return sum(NOTHING_FITS.values(), ()) if language == "*" else _of(NOTHING_FITS, language)


def leads() -> Iterator[str]:
    """All that may stand before an answer."""
    return (words for lines in (AGAIN, SAID) for several in lines.values() for words in several)
