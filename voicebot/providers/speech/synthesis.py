"""Text-to-speech that is given up in time, and whose words count as said only when they were voiced.

Pipecat's `TTSService` takes a text for spoken whatever its provider made of it: after an error, after a
connection that was cut, after nothing at all. `BoundedSynthesis` goes before any of its services.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cache
from typing import Any

from django.conf import settings
from pipecat.frames.frames import (
    AggregatedTextFrame,
    AggregatedTextProgressFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.tts_service import TTSService

from voicebot.pipecat_internals.synthesis import SynthesisHooks
from voicebot.providers.llm.reply_frames import EnoughFrame, ReplyIncompleteFrame

KEEP_OPEN_SECS = 1.0  # less than the three seconds after which Pipecat takes a quiet voice for finished


class BoundedSynthesis(SynthesisHooks):
    """TTSService whose sound is never more than PROVIDER_TIMEOUT_SECS behind the speed of speech.

    That holds for its first piece, for a request that stalls, and for one that only trickles. When a request
    fails, is late or brings no sound, the rest of that reply is given up, as it would be heard with a hole in
    it: one error goes upstream, an `EnoughFrame` tells the model, and a `ReplyIncompleteFrame` follows what
    was voiced. No text of the failed request goes on as spoken.
    """

    timeout_secs: float | None = None  # PROVIDER_TIMEOUT_SECS, unless it is another

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._given_up: str | None = None  # the turn of which nothing more is spoken
        self._lost: set[str] = set()  # audio contexts of which some text was never voiced
        self._voiced: set[str] = set()  # audio contexts of which some sound has gone on
        self._early: list[TTSTextFrame] = []  # text that came before any sound of it
        self._delivers_later = False  # sound comes over a connection of its own, not out of `run_tts`

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if (
            isinstance(frame, AggregatedTextFrame)
            and frame.skip_tts
            and direction is FrameDirection.DOWNSTREAM
        ):
            await self.process_without_speaking(frame, direction)  # which would pass it on at once
            await self._queue_written(frame)
        else:
            await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._forget_closed()

    def _forget_closed(self) -> None:
        for known in (self._lost, self._voiced):
            known.intersection_update(self.get_audio_contexts())
        self._early = [text for text in self._early if text.context_id in self._voiced]

    async def _queue_written(self, frame: AggregatedTextFrame) -> None:
        """What is only to be read keeps its place among what is spoken."""
        if self._given_up is None or self._given_up != self.turn_context:
            await self.queue_in_place(frame)

    # --- a request ---

    async def speak_text(self, source: AggregatedTextFrame, text: str, context_id: str) -> None:
        if self._given_up is None or self._given_up != self.turn_context:
            await super().speak_text(source, text, context_id)

    async def request_speech(self, text: str, context_id: str) -> None:
        if self.is_usable:
            await super().request_speech(text, context_id)
        else:
            await self._give_up(context_id)

    async def tts_process_generator(
        self, context_id: str, generator: AsyncGenerator[Frame | None, None]
    ) -> None:
        """Passes on the sound of one request, and gives the reply up if it fails, stalls or brings none."""
        keeping_open = asyncio.create_task(self._keep_open(context_id))
        try:
            error = await self._deliver(context_id, generator)
        except TimeoutError:
            error = ErrorFrame(error="speech synthesis stalled")
        except Exception as failure:  # whatever a service of others raises
            error = ErrorFrame(error=f"speech synthesis failed: {type(failure).__name__}")
        finally:
            keeping_open.cancel()
        # Sound that came out of `run_tts`, or should have: then the turn's end closes the context.
        self.close_context_with_turn(not self._delivers_later)
        if error is not None:
            await self.append_to_audio_context(context_id, error)
            await self._give_up(context_id)

    async def _deliver(
        self, context_id: str, generator: AsyncGenerator[Frame | None, None]
    ) -> ErrorFrame | None:
        """Queues what a request yields; its error, if it ended in one. Raises TimeoutError."""
        later, sound_secs = False, 0.0
        loop = asyncio.get_running_loop()
        due = loop.time() + (self.timeout_secs or settings.PROVIDER_TIMEOUT_SECS)
        async with aclosing(generator):
            while True:
                try:
                    async with asyncio.timeout_at(due + sound_secs):
                        frame = await anext(generator)
                except StopAsyncIteration:
                    break
                if isinstance(frame, ErrorFrame):
                    return frame
                if frame is None:
                    later = self._delivers_later = True
                    continue
                if isinstance(frame, TTSAudioRawFrame):
                    sound_secs += frame.num_frames / frame.sample_rate
                await self.append_to_audio_context(context_id, frame)
        if sound_secs or later or self.may_be_silent(context_id):
            return None
        return ErrorFrame(error="speech synthesis brought no sound")

    def may_be_silent(self, context_id: str) -> bool:
        """Whether a request may bring no sound: it was part of another one's."""
        return False

    async def _keep_open(self, context_id: str) -> None:
        """While a request is under way, its reply is not over, however quiet it is."""
        while True:
            self.keep_context_open(context_id)
            await asyncio.sleep(KEEP_OPEN_SECS)

    async def _give_up(self, context_id: str) -> None:
        self._given_up = self.turn_context
        self._lost.add(context_id)
        if self.is_in_history(context_id):
            await self.append_to_audio_context(context_id, ReplyIncompleteFrame())
        await self.push_frame(EnoughFrame(), FrameDirection.UPSTREAM)

    # --- what counts as spoken ---

    async def note_spoken(
        self, source: AggregatedTextFrame, text: str, context_id: str, in_history: bool
    ) -> None:
        """For voices without word times: the text, unless its request failed."""
        if context_id not in self._lost:
            await super().note_spoken(source, text, context_id, in_history)

    async def complete_words(self, context_id: str) -> None:
        """For voices with word times: Pipecat adds words that were not timed, even if they never sounded."""
        if context_id in self._voiced and context_id not in self._lost:
            await super().complete_words(context_id)
            return
        await self.drop_words(context_id, (TTSTextFrame, AggregatedTextProgressFrame))
        await self.push_frame(ReplyIncompleteFrame())

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        if isinstance(frame, ReplyIncompleteFrame) and self.tells_word_times:
            frame.pts = self.reply_words_end  # as the words before it, or it would overtake them
        elif isinstance(frame, AggregatedTextFrame) and frame.skip_tts and self.tells_word_times:
            frame.pts = self.reply_words_end
        elif isinstance(frame, TTSAudioRawFrame) and frame.context_id and frame.audio:
            self._voiced.add(frame.context_id)
        elif isinstance(frame, TTSTextFrame) and frame.context_id and frame.context_id not in self._voiced:
            self._early.append(frame)
            return
        await super().push_frame(frame, direction)
        if self._early and isinstance(frame, TTSAudioRawFrame):
            early, self._early = self._early, []
            for text in early:
                await self.push_frame(text)

    async def context_ended(self, context_id: str, sounded: bool) -> None:
        """The end of an audio context: one whose loss has been told is not told again."""
        told = context_id in self._lost
        self._lost.discard(context_id)
        self._voiced.discard(context_id)
        self._early = [text for text in self._early if text.context_id != context_id]
        if not told:
            await super().context_ended(context_id, sounded)


@cache
def bounded(service: type[TTSService]) -> type[TTSService]:
    """The same service as a BoundedSynthesis."""
    if issubclass(service, BoundedSynthesis):
        return service
    return type(service.__name__, (BoundedSynthesis, service), {"__module__": service.__module__})
