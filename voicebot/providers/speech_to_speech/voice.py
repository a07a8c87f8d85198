"""What speaks: a sentence of a reply has its sound already, and gets the words that belong to it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from math import inf

from pipecat.frames.frames import (
    AggregatedTextFrame,
    ErrorFrame,
    Frame,
    LLMFullResponseEndFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
)
from pipecat.processors.frame_processor import FrameCallback, FrameDirection
from pipecat.services.settings import TTSSettings

from voicebot.providers.speech.sound_mark import SoundMark
from voicebot.providers.speech.speech_text import TRANSFORMS
from voicebot.providers.speech.synthesis import BoundedSynthesis
from voicebot.providers.speech.written_words import is_spaceless
from voicebot.providers.speech_to_speech.reply import Reply, VendorReplyFrame
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import OUT_HZ, VendorLost

CHUNK_SECS = 0.25
SAMPLE_SECS = 1.5 / OUT_HZ
LEAD_SECS = 1.0  # before it is played, sound goes on: by then it is mostly known when its words end
PLAYOUT_SECS = 0.15  # from the transport to the visitor's ear: the link and the page's cushion


@dataclass
class Sounded:
    """Of one audio context: the reply that sounds in it, what sounded before that one, and in all."""

    key: str = ""
    base_secs: float = 0.0
    secs: float = 0.0
    told_secs: float = (
        0.0  # when its last word ends: what is known of the pace may change, their order does not
    )


class VendorVoice(BoundedSynthesis):
    """Passes on the sound of the reply that the vendor speaks, at the speed of speech.

    A sentence's sound may begin before the sentence is here: the sound goes on as it comes. A text outside of
    a reply (a greeting, what a tool says) is given to the vendor to be said.
    """

    def __init__(self, talk: Talk, voice: str) -> None:
        super().__init__(
            settings=TTSSettings(model=talk.vendor.model, voice=voice, language=None),
            sample_rate=OUT_HZ,
            push_text_frames=False,
            push_start_frame=True,
            push_stop_frames=True,
            text_transforms=TRANSFORMS,
        )
        self._talk = talk
        self._coming: Reply | None = None  # whose sentences are on their way here
        self._reply: Reply | None = None  # whose sentences are here
        self._outside = False  # what is spoken now is no part of a reply
        self._contexts: dict[str, Sounded] = {}

    def can_generate_metrics(self) -> bool:
        return True

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Sees what comes, before its turn: the sentence that is spoken may end when another one is there."""
        if isinstance(frame, VendorReplyFrame):
            self._coming = frame.reply
        elif self._coming and isinstance(frame, AggregatedTextFrame) and not frame.skip_tts:
            self._coming.waiting += 1
            self._coming.stir()
        elif self._coming and isinstance(frame, LLMFullResponseEndFrame):
            self._coming.written = True
            self._coming.stir()
            self._coming = None
        await super().queue_frame(frame, direction, callback)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, VendorReplyFrame):
            self._reply = frame.reply
            return
        self._outside = isinstance(frame, TTSSpeakFrame)
        if self._reply and isinstance(frame, AggregatedTextFrame) and not frame.skip_tts:
            self._reply.waiting -= 1
        await super().process_frame(frame, direction)

    def may_be_silent(self, context_id: str) -> bool:
        """A sentence's sound may have gone on with the one before it."""
        return bool(self._reply and (self._reply.pcm or self._reply.given_up or self._reply.failure))

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await self.start_tts_usage_metrics(text)
        outside = self._outside
        if outside:
            try:
                self._reply = await self._talk.say(text)
            except VendorLost as error:
                yield ErrorFrame(error=f"speech to speech does not speak: {error}")
                return
        reply = self._reply
        if reply is None or reply.given_up:
            return
        sounded = self._contexts.setdefault(context_id, Sounded())
        if sounded.key != reply.key:
            sounded.key, sounded.base_secs = reply.key, sounded.secs
            yield SoundMark(reply)
        async for frame in self._sound(reply, text, context_id, outside=outside):
            yield frame
        if outside and reply.failure:
            yield ErrorFrame(error=f"speech to speech does not speak: {reply.failure}")

    async def _sound(
        self, reply: Reply, text: str, context_id: str, *, outside: bool
    ) -> AsyncGenerator[Frame, None]:
        """The sound that there is: up to the end of this text if another one waits, else up to its end."""
        loop = asyncio.get_running_loop()
        sounded, words = self._contexts[context_id], reply.announce(text)
        while not reply.given_up:
            last = outside or (reply.written and not reply.waiting)
            if not last and reply.waiting and reply.played_secs >= reply.end_of(reply.announced):
                break
            left = (reply.end_secs if last else inf) - reply.played_secs
            if left < SAMPLE_SECS:
                break
            begin_secs, chunk = reply.played_secs, reply.take(min(CHUNK_SECS, left))
            if not chunk:
                if reply.over and (last or reply.waiting):
                    break
                await reply.news()
                continue
            await self.stop_ttfb_metrics()
            due = reply.goes_on(loop.time(), begin_secs)
            await asyncio.sleep(max(0.0, due - LEAD_SECS - loop.time()))
            while words and reply.end_of(words[0][1]) <= reply.played_secs:
                await self._tell_word(words.pop(0), reply, context_id)
            sounded.secs += len(chunk) / 2 / OUT_HZ
            yield TTSAudioRawFrame(chunk, OUT_HZ, 1, context_id=context_id)
        if reply.pcm and not (reply.given_up or reply.failure):
            for word in words:
                await self._tell_word(word, reply, context_id)
        if reply.enough and not reply.given_up and reply.written and not reply.waiting:
            await self._talk.enough(reply, reply.played_secs)

    async def _tell_word(self, word: tuple[str, int], reply: Reply, context_id: str) -> None:
        end_secs = min(reply.end_of(word[1]), reply.played_secs) + reply.late_secs
        sounded = self._contexts[context_id]
        at = sounded.told_secs = max(sounded.told_secs, sounded.base_secs + end_secs + PLAYOUT_SECS)
        spaceless = is_spaceless(word[0])
        await self.add_word_timestamps([(word[0], at)], context_id, includes_inter_frame_spaces=spaceless)

    async def on_audio_context_completed(self, context_id: str) -> None:
        self._contexts.pop(context_id, None)

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        self._contexts.pop(context_id, None)

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._talk.close()
