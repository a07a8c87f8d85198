"""From what is read to what is spoken: a voice says no asterisks, emoji or addresses of pages.

The transcript and the model's context keep the text as it was written; only what goes to the voice passes
through here (Pipecat's text transforms).
"""

import re
from urllib.parse import urlsplit

import regex
from pipecat.frames.frames import TextType
from pipecat.utils.text.transforms import TextTransform, strip_markdown

# One asterisk on each side: a stage direction, unless it is a single stressed word within a sentence.
DIRECTION = re.compile(r"(?<![\w*\\])\*(?!\*|\s)([^*\n]+?)(?<![\s*\\])\*(?![\w*])")
BETWEEN_WORDS = (re.compile(r"[\w,;:'’\"”)] *$"), re.compile(r"^ *[\w,;:.!?…'’\"”)]"))  # noqa: RUF001
URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]", re.IGNORECASE)
EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{RI}\u200d\ufe0f\u20e3]+")
SPACE_BEFORE = re.compile(r"[ \t]+([,.!?;:…])")


def _direction(match: re.Match[str]) -> str:
    words, text = match.group(1), match.string
    before, after = text[: match.start()], text[match.end() :]
    stressed = " " not in words.strip() and BETWEEN_WORDS[0].search(before) and BETWEEN_WORDS[1].search(after)
    return words if stressed else ""


def _host(match: re.Match[str]) -> str:
    address = match.group(0)
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    return host.removeprefix("www.")


async def speakable(text: str, text_type: str | TextType = TextType.SENTENCE) -> str:
    """`text` as a voice should say it: '' if nothing of it is to be heard."""
    spoken = DIRECTION.sub(_direction, text)
    spoken = await strip_markdown(spoken, text_type)
    spoken = EMOJI.sub("", URL.sub(_host, spoken))
    spoken = SPACE_BEFORE.sub(r"\1", re.sub(r"[ \t]{2,}", " ", spoken)).strip()
    return spoken if any(character.isalnum() for character in spoken) else ""


TRANSFORMS: list[tuple[TextType | str, TextTransform]] = [("*", speakable)]  # of every voice here
