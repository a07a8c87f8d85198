"""Text-to-speech with the voices of this machine, loaded once per process and shared."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import suppress

from django.conf import settings
from pipecat.frames.frames import ErrorFrame, Frame, StartFrame, TTSAudioRawFrame
from pipecat.services.settings import TTSSettings

from characters.spec import CharacterSpec
from voicebot.providers.local.voices import engines
from voicebot.providers.local.voices.kept import SLOW, again
from voicebot.providers.local.voices.parts import VoiceUnavailable
from voicebot.providers.local.voices.speech import RATE_HZ, Speech
from voicebot.providers.local.voices.wish import Wish, synthesize
from voicebot.providers.speech.speech_pieces import first_piece, pieces
from voicebot.providers.speech.speech_text import TRANSFORMS, speakable
from voicebot.providers.speech.synthesis import BoundedSynthesis
from voicebot.providers.speech.visemes import VisemesFrame
from voicebot.providers.speech.written_words import is_spaceless

CHUNK_SECS = 0.5
# Characters of one synthesis, some eight seconds of speech, and of the first of several; see LONGEST_TEXT
# in `provider`. A slow engine has the next clause ready only if that is little longer than the one before.
QUICK_PIECES, SLOW_PIECES = (130, 80), (90, 40)
SPACELESS_SHARE = 0.4  # a Chinese character takes as long as two or three letters
PIECE_SECS = 30.0  # that a piece may take in a process that has far too much to do
AHEAD_SECS = 0.1  # until what is made ahead is needed, if it is
LOADED_WITHIN_SECS = 1.0  # the greeting was made beforehand, and lasts longer than this
PLAYOUT_SECS = 0.15  # from the transport to the visitor's ear: the link and the page's cushion


def in_pieces(text: str, engine: str) -> list[str]:
    """A text as it is synthesised: a slow engine begins with a clause, however short the whole is."""
    if engine not in SLOW:
        return pieces(text, *QUICK_PIECES)
    share = SPACELESS_SHARE if is_spaceless(text) else 1.0
    most, first = (int(size * share) for size in SLOW_PIECES)
    end = first_piece(text, first)
    return [text[:end].rstrip(), *pieces(text[end:], most)]


async def rehearse(spec: CharacterSpec, text: str) -> None:
    """Makes and keeps what takes a slow voice seconds, while nobody needs it. Raises VoiceUnavailable."""
    wish = Wish.of(spec)
    engine = wish.cast().voice.engine
    if engine in SLOW:
        for piece in in_pieces(await speakable(text), engine):
            await asyncio.wrap_future(engines.pool(engine).submit(math.inf, again, piece, wish))


class LocalTTS(BoundedSynthesis):
    """Speaks sentence by sentence and reports each word when it has been spoken."""

    def __init__(self, spec: CharacterSpec):
        super().__init__(
            settings=TTSSettings(model="local", voice=spec.voice, language=None),
            sample_rate=RATE_HZ,
            push_text_frames=False,
            push_start_frame=True,
            push_stop_frames=True,
            text_transforms=TRANSFORMS,
        )
        self.timeout_secs = max(PIECE_SECS, settings.PROVIDER_TIMEOUT_SECS)
        self._wish = Wish.of(spec)
        self._kept: set[str] = set()
        self._ahead: tuple[str, Wish, Future[Speech]] | None = None  # what may be said next
        self._spoken: dict[str, tuple[float, float]] = {}  # context: when it began, seconds of audio so far

    async def start(self, frame: StartFrame) -> None:
        """Loads a slow engine, if nobody has before or it was unloaded, while the visitor is greeted."""
        await super().start(frame)
        with suppress(VoiceUnavailable):  # told when it is asked for
            voice = self._wish.cast().voice
            if voice.engine in SLOW:
                engines.pool(voice.engine).submit(time.monotonic() + LOADED_WITHIN_SECS, engines.load, voice)

    async def change_voice(self, spec: CharacterSpec) -> None:
        """Takes another character's voice, language, pitch and speed, from the next sentence on."""
        self._wish = Wish.of(spec)

    async def cache_speech(self, text: str) -> None:
        """Keeps the sound of this text for all who are to hear it."""
        self._kept.add(await speakable(text))

    async def speak_ahead(self, text: str) -> None:
        """Begins to make the sound of what will perhaps be said next; whoever has asked is served before."""
        self.forget_ahead()
        try:
            engine = self._wish.cast().voice.engine
        except VoiceUnavailable:
            return  # told when it is asked for
        spoken = await speakable(text)
        for piece in in_pieces(spoken, engine)[:1]:
            due = time.monotonic() + AHEAD_SECS
            work = engines.pool(engine).submit(due, synthesize, piece, self._wish)
            self._ahead = piece, self._wish, work

    def forget_ahead(self) -> None:
        """It is not said."""
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead[2].cancel()

    def _take_ahead(self, piece: str) -> Future[Speech] | None:
        """The sound that was begun for this piece; that of anything else is not wanted any more."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or (ahead[0], ahead[1]) == (piece, self._wish):
            return ahead and ahead[2]
        ahead[2].cancel()
        return None

    def can_generate_metrics(self) -> bool:
        return True

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await self.start_tts_usage_metrics(text)
        speak = again if text in self._kept else synthesize
        try:
            engine = self._wish.cast().voice.engine
        except VoiceUnavailable as error:
            yield ErrorFrame(error=f"speech synthesis failed: {error}")
            return
        for piece in in_pieces(text, engine):
            speech = await self._synthesised(speak, engine, piece, context_id)
            if isinstance(speech, ErrorFrame):
                yield speech
                return
            if speech.visemes:
                yield VisemesFrame(speech.visemes)
            step = int(RATE_HZ * CHUNK_SECS) * 2
            for start in range(0, len(speech.pcm), step):
                yield TTSAudioRawFrame(speech.pcm[start : start + step], RATE_HZ, 1, context_id=context_id)

    async def _synthesised(
        self, speak: Callable[[str, Wish], Speech], engine: str, piece: str, context_id: str
    ) -> Speech | ErrorFrame:
        """The sound of one piece; of its words is told when they will have been heard."""
        began, so_far = self._spoken.get(context_id, (time.monotonic(), 0.0))
        due = began + so_far  # until then what is before this piece is heard
        try:
            work = self._take_ahead(piece) or engines.pool(engine).submit(due, speak, piece, self._wish)
            speech = await asyncio.wrap_future(work)
        except Exception as error:  # onnxruntime and espeak raise errors of their own
            return ErrorFrame(error=f"speech synthesis failed: {type(error).__name__}")
        finally:
            await self.stop_ttfb_metrics()
        began = began if so_far else time.monotonic()
        # A piece that comes after the one before it was played out begins now, not when that ended.
        starts = max(so_far, time.monotonic() - began) if so_far else 0.0
        self._spoken[context_id] = (began, starts + speech.secs)
        ends = [(word, starts + end + PLAYOUT_SECS) for word, end in speech.words]
        await self.add_word_timestamps(ends, context_id, includes_inter_frame_spaces=is_spaceless(piece))
        return speech

    async def on_audio_context_completed(self, context_id: str) -> None:
        self._spoken.pop(context_id, None)

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        self._spoken.pop(context_id, None)
