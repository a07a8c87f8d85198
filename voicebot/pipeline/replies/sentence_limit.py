"""Sentence limit: keeps replies short and whole, at most so many sentences, and never half of one."""

import re
from math import inf

from pipecat.frames.frames import (
    AggregatedTextFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.string import match_endofsentence
from pipecat.utils.text.base_text_aggregator import TextType

from characters.text import joined
from voicebot.providers import EnoughFrame, ReplyIncompleteFrame, WrittenReplyFrame, first_piece, speakable

# What a whole sentence ends with, in any language.
SENTENCE_ENDS = ".!?…。！？｡．\"'”’)」』）》"  # noqa: RUF001

LONGEST_CLAUSE = 250  # characters that go to the voice at once
LONGEST_REPLY = 2000  # characters; who writes one word of 50,000 letters is not listened to for an hour
LONGEST_DIRECTION = 400  # characters; an asterisk that nobody closes is none
# Two words at least, so that the voice has time for the rest, and no markup that might end later.
CLAUSE = re.compile(r"\s*[^\s*_`\[<]+(?:\s+[^\s*_`\[<]+)+[,;:—](?=\s)")
# In Chinese or Japanese no space follows, and words have none between them: four characters are two words.
# What closes a quotation stays with it, so that a clause is over only when the next character is there.
SPACELESS_CLAUSE = re.compile(
    r"\s*(?=[^,，、；：—…]*[\u3040-\u30ff\u3400-\u9fff])"  # noqa: RUF001
    r"[^*_`\[<\n。！？]{4,}?(?:[，、；：]|——|……?)[」』”’）]*(?=[^」』”’）—…])"  # noqa: RUF001
)
SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# Pipecat takes a Chinese semicolon for the end of a sentence; it is one of a clause, as in English.
CLOSING = "」』”’）》"  # noqa: RUF001
WIDE_SEMICOLON, WIDE_COMMA = "；", "，"  # noqa: RUF001


def end_of_sentence(text: str) -> int:
    """Where the first sentence ends that is known to be over, as the next one has begun; 0 without one."""
    end = match_endofsentence(text.replace(WIDE_SEMICOLON, WIDE_COMMA))
    while end and text[end : end + 1] in CLOSING:  # "" at its end, too: one may follow
        end = end + 1 if text[end:] else 0
    if end and text[:end].count("*") % 2 and len(text) < LONGEST_DIRECTION:
        return 0  # within a stage direction: *He looks up. He smiles.* stays in one piece
    return end if end and text[end:].strip() else 0


def whole(text: str) -> str:
    """The last sentence of a reply, with a full stop of its own script where it has none."""
    text = text.rstrip()
    stop = "。" if SPACELESS.match(text[-1:]) else "."
    return text + ("" if text[-1:] in SENTENCE_ENDS else stop)


def first_clause(text: str) -> str:
    """The first clause of a reply, if another one has begun behind it; "" while there is none."""
    found = CLAUSE.match(text) or SPACELESS_CLAUSE.match(text)
    return found[0] if found else ""


def first_spoken(text: str, *, over: bool) -> str:
    """What goes to the voice first of a reply that was written so far, "" while that is not known.

    `over`: nothing more is written.
    """
    if end := end_of_sentence(text):
        return text[:end].strip()
    if clause := first_clause(text):
        return clause.strip()
    return whole(text).strip() if over and text.strip() else ""


class SentenceLimit(FrameProcessor):
    """Passes on an LLM's reply sentence by sentence, up to a limit.

    A small model, or one cut off by its token limit, stops in the middle of a sentence; that tail is
    dropped unless it is all there is. Speech synthesis waits for whole sentences anyway: it gets them
    as such from here, so that it does not look for their ends a second time. Only the first clause of a
    reply goes ahead: it is spoken while the rest is written.

    Of a reply that breaks off, the sentence that was begun is not passed on: half of one is not said as if it
    were whole.
    """

    def __init__(self, most: int):
        super().__init__()
        self.most = most  # sentences of a reply that a model makes
        self.written = ""  # what was passed on of the last reply
        self._forget()

    def _forget(self) -> None:
        self._pending = ""
        self._passed: float = 0  # sentences
        self._limit: float = self.most
        self._letters = 0  # of what was passed on
        self._begun = False  # the first clause has been passed on
        self._within = False  # pieces of the sentence that is being written have been passed on
        self._unspoken = False  # the visitor asked for a written answer

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, (LLMFullResponseStartFrame, InterruptionFrame)):
            self.written = ""
            self._forget()
        elif isinstance(frame, WrittenReplyFrame):
            self._limit = inf
        elif isinstance(frame, ReplyIncompleteFrame):
            await self._break_off()
        elif isinstance(frame, LLMFullResponseEndFrame):
            await self._finish()
        elif isinstance(frame, LLMTextFrame):
            await self._collect(frame)
            return
        await self.push_frame(frame, direction)

    async def _collect(self, frame: LLMTextFrame) -> None:
        self._pending += frame.text
        self._unspoken = bool(frame.skip_tts)
        while self._passed < self._limit and (end := end_of_sentence(self._pending)):
            sentence, self._pending = self._pending[:end], self._pending[end:]
            self._passed += 1
            self._within = False
            await self._pass_on(sentence)
            if self._passed == self._limit:
                await self.push_frame(EnoughFrame(), FrameDirection.UPSTREAM)
        if not self._passed and not self._begun and (clause := first_clause(self._pending)):
            self._begun = True
            self._pending = self._pending[len(clause) :]
            await self._pass_on(clause)
        while self._passed < self._limit and self._too_long:
            await self._cut()

    @property
    def _too_long(self) -> bool:
        """Whether a sentence goes on for longer than a voice can take at once."""
        within_direction = self._pending.count("*") % 2
        return len(self._pending) > (LONGEST_DIRECTION if within_direction else LONGEST_CLAUSE)

    async def _cut(self) -> None:
        """Passes on the beginning of a sentence whose end is nowhere to be seen, or gives the reply up."""
        if self._letters + LONGEST_CLAUSE > LONGEST_REPLY:
            self._passed = self._limit
            await self.push_frame(ReplyIncompleteFrame())
            await self.push_frame(EnoughFrame(), FrameDirection.UPSTREAM)
            return
        end = first_piece(self._pending, LONGEST_CLAUSE)
        piece, self._pending = self._pending[:end], self._pending[end:]
        self._begun = self._within = True
        await self._pass_on(piece)

    async def _break_off(self) -> None:
        rest = self._pending.strip()
        if rest and self._passed < self._limit and match_endofsentence(rest) == len(rest):
            await self._pass_on(rest)
        self._forget()

    async def _finish(self) -> None:
        """What is left is over now: a sentence of its own, or a tail."""
        rest = self._pending.strip()
        wanted = rest[-1:] in SENTENCE_ENDS or not self._passed or self._within
        if rest and wanted and self._passed < self._limit:
            await self._pass_on(whole(self._pending))
        self._forget()

    async def _pass_on(self, sentence: str) -> None:
        self._letters += len(sentence)
        self.written = joined((self.written, sentence.strip()))
        frame = AggregatedTextFrame(sentence.strip(), TextType.SENTENCE)
        # What is only to be read (*she nods*, an emoji) is kept, but there is nothing for the voice.
        frame.skip_tts = self._unspoken or not await speakable(frame.text)
        await self.push_frame(frame)
