"""Character spec: a frozen snapshot of one version, cheap to cache and to pass around."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from characters.field_limits import MEMORY_KINDS
from characters.lore import Lorebook, lorebook_of
from characters.portraits import url_of
from characters.tools import ToolSpec, tools_of

NO_BOOK = Lorebook()
DRAFT = 0  # the version number of what is not published yet


@dataclass(frozen=True, slots=True)
class CharacterSpec:
    """One version of a character. Pitch is in semitones, speed a factor of the natural tempo."""

    slug: str
    name: str
    version: int = DRAFT
    nickname: str = ""
    tagline: str = ""
    portrait_url: str = ""
    about: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    system_prompt: str = ""
    post_history: str = ""
    depth_prompt: str = ""  # told among the messages, so many before the last
    depth_prompt_depth: int = 4
    depth_prompt_role: str = "system"
    greeting: str = ""
    alternate_greetings: tuple[str, ...] = ()
    examples: str = ""
    tags: tuple[str, ...] = ()
    creator_version: str = ""
    language: str = "en"  # the main one
    other_languages: tuple[str, ...] = ()
    language_voices: Mapping[str, str] = field(default_factory=dict)  # by language, where not the usual one
    stt_provider: str = ""
    stt_model: str = ""
    llm_provider: str = ""
    llm_model: str = ""
    tts_provider: str = ""
    tts_model: str = ""
    speech_to_speech_provider: str = ""  # in place of the three
    speech_to_speech_model: str = ""
    voice: str = ""
    pronunciations: str = ""  # a line a word, see `characters.text.pronunciations`
    voice_pitch: float = 0.0
    voice_speed: float = 1.0
    temperature: float = 0.4
    reply_sentences: int = 3
    speak_up_secs: int | None = None
    picks_up: bool = True  # says something to a visitor who comes back
    apology: str = ""
    openers: str = ""  # a line each, see `characters.prompts.openers`
    remembers: bool = False  # visitors who agree, beyond one conversation
    memory_kinds: tuple[str, ...] = MEMORY_KINDS
    memory_most: int = 60
    memory_days: int = 180
    memory_question: str = ""
    returning_greeting: str = ""
    documents: tuple[str, ...] = ()  # what it knows them by: the SHA-256 of their files
    tools: tuple[ToolSpec, ...] = ()
    book: Lorebook = NO_BOOK

    @classmethod
    def of(cls, slug: str, version: int, content: Mapping[str, Any]) -> "CharacterSpec":
        """The spec of a version's content, see `characters.content`."""
        plain = {name: content[name] for name in PLAIN if name in content}
        return cls(
            slug=slug,
            version=version,
            portrait_url=url_of(content["avatar"]),
            alternate_greetings=tuple(content["alternate_greetings"]),
            tags=tuple(content["tags"]),
            other_languages=tuple(content.get("other_languages", ())),
            memory_kinds=tuple(content.get("memory_kinds", MEMORY_KINDS)),
            documents=tuple(document["sha256"] for document in content.get("documents", ())),
            tools=tools_of(content.get("tools", ())),
            book=lorebook_of(content, content["lore"]),
            **plain,
        )

    @property
    def spoken_name(self) -> str:
        """What {{char}} stands for."""
        return self.nickname.strip() or self.name

    @property
    def languages(self) -> tuple[str, ...]:
        """All that a visitor can speak with it, the main one first."""
        return tuple(dict.fromkeys((self.language, *self.other_languages)))

    def speaking(self, language: str) -> "CharacterSpec":
        """The same character in another of its languages, with the voice that it has there.

        Pitch and speed stay: they are the character's own; so does a voice, which may know many languages.
        """
        if language == self.language or language not in self.languages:
            return self
        return replace(
            self,
            language=language,
            other_languages=tuple(other for other in self.languages if other != language),
            apology="",  # an editor wrote it in the main language; the house has words in others
            openers="",
            voice=self.language_voices.get(language, self.voice),
        )

    @property
    def label(self) -> str:
        """Which version this is, as turns record it: `captain-marlow@3`, or `@draft`."""
        return f"{self.slug}@{self.version or 'draft'}"

    @property
    def services(self) -> tuple[str, ...]:
        """What needs other services when it changes; voice, pitch and speed are taken up by running ones."""
        return (
            self.stt_provider,
            self.stt_model,
            self.llm_provider,
            self.llm_model,
            self.tts_provider,
            self.tts_model,
            self.speech_to_speech_provider,
            self.speech_to_speech_model,
            *self.languages,
        )

    def public(self) -> dict[str, Any]:
        """What a visitor's page may know: never the prompt."""
        return {
            "slug": self.slug,
            "name": self.name,
            "tagline": self.tagline,
            "portrait": self.portrait_url,
            "language": self.language,
            "languages": list(self.languages),
            "version": self.version,
        }


_MADE = (
    "slug",
    "version",
    "portrait_url",
    "alternate_greetings",
    "tags",
    "other_languages",
    "memory_kinds",
    "documents",
    "tools",
    "book",
)
PLAIN = tuple(known.name for known in fields(CharacterSpec) if known.name not in _MADE)
