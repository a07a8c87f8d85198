"""Providers of speech and language: which, where, how patiently."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field

from greenroom.environment.kinds import JsonObject, Names, Number, Text, Whole

OR_PATH = "local, openai, scripted, or the dotted path of a Pipecat service"


def _as(name: str) -> Callable[[dict[str, Any]], str]:
    """A default that is another variable's value."""
    return lambda known: known.get(name, "")


class Providers(BaseModel):
    """Providers"""

    DEFAULT_PROVIDER: Text = Field(default="local", description=f"of all three stages: {OR_PATH}")
    STT_PROVIDER: Text = Field(default="", description="of speech to text, where it differs")
    LLM_PROVIDER: Text = Field(
        default="",
        description="of the language model, where it differs; also found: a server on this machine, and "
        "repertoire: what editors have written, without a model",
    )
    TTS_PROVIDER: Text = Field(default="", description="of text to speech, where it differs")
    STT_FALLBACK: Text = Field(default="", description="takes over when speech to text fails")
    LLM_FALLBACK: Text = Field(default="", description="takes over when the language model fails")
    TTS_FALLBACK: Text = Field(default="", description="takes over when text to speech fails")
    STT_OPTIONS: JsonObject = Field(default={}, description="arguments of a service by dotted path")
    LLM_OPTIONS: JsonObject = Field(default={}, description="arguments of a service by dotted path")
    TTS_OPTIONS: JsonObject = Field(default={}, description="arguments of a service by dotted path")
    PROVIDER_PACKAGES: Names = Field(
        default=[],
        description="packages whose classes may serve by dotted path, besides pipecat.services; importing "
        "them runs them",
    )
    PROVIDER_TIMEOUT_SECS: Number = Field(default=10, gt=0, description="of one remote call")
    PROVIDER_RETRIES: Whole = Field(default=2, ge=0, description="with backoff, before a call has failed")
    MODEL_LOAD_SECS: Number = Field(
        default=120, ge=0, description="for a remote model's first word, while it loads"
    )
    ANSWER_SECS: Number = Field(
        default=15, gt=0, description="without a sound, after which a character apologises"
    )
    OPENER_SECS: Number = Field(
        default=0.35,
        ge=0,
        description="after a turn, until a character that has first words says some; 0: never",
    )
    ANSWER_AHEAD_PROVIDERS: Names = Field(
        default=["local", "found", "repertoire"],
        description="of language models whose answers are prepared in a pause, and thrown away where the "
        "visitor goes on; what a hosted model writes is paid for, heard or not",
    )
    LLM_CONTEXT_TOKENS: Whole = Field(
        default=8192, ge=1, description="read at once by models that do not say how many"
    )
    PRONUNCIATIONS: Text = Field(
        default="",
        description="of the house, parted by `;`, as at a character: `Siobhan = shi-VAWN; Nguyen = /nwin/`",
    )
    OPENAI_BASE_URL: Text = Field(default="", description="of the OpenAI API; empty for OpenAI's own")
    OPENAI_API_KEY: Text = Field(default="", description="its key")
    OPENAI_STT_BASE_URL: Text = Field(
        default_factory=_as("OPENAI_BASE_URL"), description="of speech to text, else OPENAI_BASE_URL"
    )
    OPENAI_STT_API_KEY: Text = Field(
        default_factory=_as("OPENAI_API_KEY"), description="of speech to text, else OPENAI_API_KEY"
    )
    OPENAI_STT_MODEL: Text = Field(default="gpt-4o-mini-transcribe", description="of speech to text")
    OPENAI_LLM_BASE_URL: Text = Field(
        default_factory=_as("OPENAI_BASE_URL"), description="of the language model, else OPENAI_BASE_URL"
    )
    OPENAI_LLM_API_KEY: Text = Field(
        default_factory=_as("OPENAI_API_KEY"), description="of the language model, else OPENAI_API_KEY"
    )
    OPENAI_LLM_MODEL: Text = Field(default="gpt-4.1-mini", description="the language model")
    OPENAI_TTS_BASE_URL: Text = Field(
        default_factory=_as("OPENAI_BASE_URL"), description="of text to speech, else OPENAI_BASE_URL"
    )
    OPENAI_TTS_API_KEY: Text = Field(
        default_factory=_as("OPENAI_API_KEY"), description="of text to speech, else OPENAI_API_KEY"
    )
    OPENAI_TTS_MODEL: Text = Field(default="gpt-4o-mini-tts", description="of text to speech")
    OPENAI_TTS_VOICE: Text = Field(default="alloy", description="of text to speech")
    OPENAI_TTS_SAMPLE_RATE: Whole = Field(
        default=24_000,
        ge=8_000,
        le=96_000,
        description="of raw PCM whose rate is not told: OpenAI 24000, a Piper behind speaches 22050",
    )

    OPENAI_REALTIME_BASE_URL: Text = Field(
        default_factory=_as("OPENAI_BASE_URL"), description="of speech to speech, else OPENAI_BASE_URL"
    )
    OPENAI_REALTIME_API_KEY: Text = Field(
        default_factory=_as("OPENAI_API_KEY"), description="of speech to speech, else OPENAI_API_KEY"
    )
    OPENAI_REALTIME_MODEL: Text = Field(default="gpt-realtime", description="of speech to speech")
    OPENAI_REALTIME_VOICE: Text = Field(default="marin", description="of speech to speech")
    OPENAI_REALTIME_TRANSCRIPTION_MODEL: Text = Field(
        default="gpt-4o-mini-transcribe", description="that tells what visitors say to speech to speech"
    )
    GEMINI_API_KEY: Text = Field(default="", description="of Gemini Live")
    GEMINI_BASE_URL: Text = Field(default="", description="of a server that speaks as Google's does")
    GEMINI_LIVE_MODEL: Text = Field(default="gemini-3.8-live", description="that hears and answers")
    GEMINI_LIVE_VOICE: Text = Field(default="Kore", description="of speech to speech")
    GEMINI_TRANSCRIPTION_MODEL: Text = Field(
        default="gemini-3.5-transcribe-live", description="that tells what visitors say to Gemini Live"
    )
    GEMINI_TEXT_MODEL: Text = Field(
        default="gemini-3.8-flash", description="that writes summaries and memories beside Gemini Live"
    )
    GEMINI_SPEECH_MODEL: Text = Field(
        default="gemini-3.8-flash-tts", description="that says greetings beside Gemini Live"
    )
    SPEECH_TO_SPEECH_TOKENS: Whole = Field(
        default=12_000,
        ge=2_000,
        le=100_000,
        description="that a vendor's session may read for a reply before its past is told anew, as text",
    )

    @property
    def openai_realtime(self) -> dict[str, Any]:
        return {
            "base_url": self.OPENAI_REALTIME_BASE_URL,
            "api_key": self.OPENAI_REALTIME_API_KEY,
            "model": self.OPENAI_REALTIME_MODEL,
            "voice": self.OPENAI_REALTIME_VOICE,
            "transcription_model": self.OPENAI_REALTIME_TRANSCRIPTION_MODEL,
            "most_tokens": self.SPEECH_TO_SPEECH_TOKENS,
        }

    @property
    def gemini_live(self) -> dict[str, Any]:
        return {
            "base_url": self.GEMINI_BASE_URL,
            "api_key": self.GEMINI_API_KEY,
            "model": self.GEMINI_LIVE_MODEL,
            "voice": self.GEMINI_LIVE_VOICE,
            "transcription_model": self.GEMINI_TRANSCRIPTION_MODEL,
            "text_model": self.GEMINI_TEXT_MODEL,
            "speech_model": self.GEMINI_SPEECH_MODEL,
            "most_tokens": self.SPEECH_TO_SPEECH_TOKENS,
        }

    @property
    def stage_providers(self) -> dict[str, str]:
        return {"stt": self.STT_PROVIDER, "llm": self.LLM_PROVIDER, "tts": self.TTS_PROVIDER}

    @property
    def stage_fallbacks(self) -> dict[str, str]:
        return {"stt": self.STT_FALLBACK, "llm": self.LLM_FALLBACK, "tts": self.TTS_FALLBACK}

    @property
    def stage_options(self) -> dict[str, dict[str, Any]]:
        return {"stt": self.STT_OPTIONS, "llm": self.LLM_OPTIONS, "tts": self.TTS_OPTIONS}

    @property
    def openai(self) -> dict[str, dict[str, str]]:
        """Where the OpenAI API of each stage is, which key it takes and which model it runs."""
        return {
            "stt": {
                "base_url": self.OPENAI_STT_BASE_URL,
                "api_key": self.OPENAI_STT_API_KEY,
                "model": self.OPENAI_STT_MODEL,
            },
            "llm": {
                "base_url": self.OPENAI_LLM_BASE_URL,
                "api_key": self.OPENAI_LLM_API_KEY,
                "model": self.OPENAI_LLM_MODEL,
            },
            "tts": {
                "base_url": self.OPENAI_TTS_BASE_URL,
                "api_key": self.OPENAI_TTS_API_KEY,
                "model": self.OPENAI_TTS_MODEL,
                "voice": self.OPENAI_TTS_VOICE,
                "sample_rate": str(self.OPENAI_TTS_SAMPLE_RATE),
            },
        }
