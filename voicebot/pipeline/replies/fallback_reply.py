"""Fallback replies: what a character says in its own voice when no answer comes, recorded beforehand.

An opener while the answer is thought of, a filler while it is late, and an apology when there is none. Voice
and model may both be away then.
"""

from collections.abc import Iterator
from uuid import uuid4

from pipecat.frames.frames import (
    AggregatedTextFrame,
    AggregatedTextProgressFrame,
    Frame,
    LLMAssistantPushAggregationFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.utils.text.base_text_aggregator import TextType

from characters.prompts import openers_of
from characters.spec import CharacterSpec

APOLOGY = "Forgive me, I cannot find the words just now. Give me a moment, and ask me again."
# By language; where there is none, nothing is said until the apology.
FILLERS = {
    "en": "One moment, let me think.",
    "de": "Einen Moment, lass mich nachdenken.",
    "fr": "Un instant, je réfléchis.",
    "es": "Un momento, déjame pensar.",
    "it": "Un momento, fammi pensare.",
    "pt": "Um momento, deixe-me pensar.",
    "nl": "Een ogenblik, laat me even nadenken.",
    "zh": "请稍等，让我想一想。",  # noqa: RUF001
    "ja": "少し考えさせてください。",
}


# Where there is none, the English one is said.
APOLOGIES = {
    "de": "Verzeih mir, mir fehlen gerade die Worte. Gib mir einen Moment, und frag mich noch einmal.",
    "fr": "Pardonne-moi, les mots me manquent. Laisse-moi un instant, et repose-moi la question.",
    "es": "Perdóname, ahora no encuentro las palabras. Dame un momento y pregúntame otra vez.",
    "zh": "抱歉，我一时想不出该怎么说。请稍等一下，再问我一次。",  # noqa: RUF001
}


def apology_of(spec: CharacterSpec) -> str:
    """The character's own words, which are in its main language, or the house's."""
    return spec.apology.strip() or APOLOGIES.get(spec.language.split("-")[0].lower(), APOLOGY)


def filler_of(spec: CharacterSpec) -> str:
    """What the character says while it thinks; '' if it knows nothing to say in its language."""
    return FILLERS.get(spec.language.split("-")[0].lower(), "")


def sentences_of(spec: CharacterSpec) -> list[str]:
    """All that the character may have to say when no answer comes."""
    return [words for words in (*openers_of(spec), apology_of(spec), filler_of(spec)) if words]


def speech(words: str, pcm: bytes, rate_hz: int, *, alone: bool = True) -> Iterator[Frame]:
    """A recording as a voice would say it: the output transport's frames, each word behind its own sound.

    So captions follow it, and of one that is cut off as much is remembered as was heard. How long each word
    takes is not known, and guessed by its letters. Unless it stands `alone`, a reply goes on after it.
    """
    context_id, said = uuid4().hex, words.split()
    announced = AggregatedTextFrame(words, TextType.SENTENCE, context_id)
    announced.will_be_spoken, announced.append_to_context = True, False
    yield announced
    yield TTSStartedFrame(context_id=context_id)
    letters, samples, begin = sum(len(word) + 1 for word in said), len(pcm) // 2, 0
    passed = 0
    for number, word in enumerate(said, 1):
        passed += len(word) + 1
        end = samples * passed // letters
        yield TTSAudioRawFrame(pcm[2 * begin : 2 * end], rate_hz, 1, context_id=context_id)
        begin = end
        spoken = TTSTextFrame(word, TextType.WORD, context_id, segment_id=announced.id)
        spoken.will_be_spoken = True
        yield spoken
        yield AggregatedTextProgressFrame(
            text=words,
            text_type=TextType.SENTENCE,
            segment_id=announced.id,
            context_id=context_id,
            accumulated_text=" ".join(said[:number]),
            remaining_text=" ".join(said[number:]),
        )
    if alone:
        yield LLMAssistantPushAggregationFrame()
    yield TTSStoppedFrame(context_id=context_id)
