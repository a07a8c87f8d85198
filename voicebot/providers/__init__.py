"""Speech and language from elsewhere or from this machine: named ways to build a stage's Pipecat service.

`registry` finds and builds them; `local`, `openai` and `scripted` are built in, and loaded by path when they
are called for. Others use the names below, and know of no provider in particular.
"""

from voicebot.providers import capabilities, class_paths, found, pipecat_service, provider_watch, registry
from voicebot.providers.beforehand.reading_ahead import ReadingAhead
from voicebot.providers.beforehand.rehearsal import Rehearsal
from voicebot.providers.capabilities import ProviderCatalog
from voicebot.providers.errors import ProviderError
from voicebot.providers.fallback import WithFallback
from voicebot.providers.llm.json_answer import JSONAnswers
from voicebot.providers.llm.reply_frames import EnoughFrame, ReplyIncompleteFrame, WrittenReplyFrame
from voicebot.providers.llm.thoughts import ThoughtFilter, without_thoughts
from voicebot.providers.one_shot import IN_HZ, NoAnswer, ask_once
from voicebot.providers.provider_watch import ProviderWatch
from voicebot.providers.speech import recorded_speech, voice_sample
from voicebot.providers.speech.recorded_speech import RecordedSpeech
from voicebot.providers.speech.segments import (
    BoundedSegments,
    SegmentTranscribedFrame,
    SpeechPausedFrame,
    is_doubted,
)
from voicebot.providers.speech.sound_mark import SoundMark
from voicebot.providers.speech.speech_pieces import first_piece
from voicebot.providers.speech.speech_text import speakable
from voicebot.providers.speech.visemes import VisemesFrame
from voicebot.providers.speech_to_speech import HandsOver

__all__ = [
    "IN_HZ",
    "BoundedSegments",
    "EnoughFrame",
    "HandsOver",
    "JSONAnswers",
    "NoAnswer",
    "ProviderCatalog",
    "ProviderError",
    "ProviderWatch",
    "ReadingAhead",
    "RecordedSpeech",
    "Rehearsal",
    "ReplyIncompleteFrame",
    "SegmentTranscribedFrame",
    "SoundMark",
    "SpeechPausedFrame",
    "ThoughtFilter",
    "VisemesFrame",
    "WithFallback",
    "WrittenReplyFrame",
    "ask_once",
    "capabilities",
    "class_paths",
    "first_piece",
    "found",
    "is_doubted",
    "pipecat_service",
    "provider_watch",
    "recorded_speech",
    "registry",
    "speakable",
    "voice_sample",
    "without_thoughts",
]
