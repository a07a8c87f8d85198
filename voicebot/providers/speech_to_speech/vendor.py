"""What a vendor's session of speech to speech takes and tells, whoever the vendor is.

Sound is mono int16 PCM, 16 kHz to the vendor and 24 kHz from it. A vendor's module (`openai_realtime`,
`gemini`) turns this into its own protocol, and nothing else knows that. One that cannot take something back
raises VendorLost: the next session is told what was said and heard, as text.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipecat.metrics.metrics import LLMTokenUsage

from characters.prompts import Message

OUT_HZ = 24_000
IN_HZ = 16_000


class VendorLost(Exception):
    """The vendor's session is over, or was never there. The message quotes nothing that was said."""


@dataclass(frozen=True)
class Setup:
    """What a session is told of its character. `tools` are functions with JSON Schema, as OpenAI has them."""

    instructions: str = ""
    tools: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Wish:
    """A reply that is asked for: `key` names it in all events.

    `exactly` is a text to be said word for word, with no part in the conversation. `apart` are messages that
    it is about instead of the conversation. Of a `written` one there is no sound.
    """

    key: str
    written: bool = False
    exactly: str = ""
    apart: Sequence[Message] | None = None
    instructions: str = ""
    most_tokens: int | None = None


@dataclass(frozen=True)
class Heard:
    """What was said in a piece of speech that was committed; None where the vendor could not tell."""

    item: str
    text: str | None


@dataclass(frozen=True)
class Sound:
    """Sound of a reply; `item` is what it can be truncated by."""

    key: str
    item: str
    pcm: bytes


@dataclass(frozen=True)
class Words:
    """Words of a reply, as they are spoken or written; `item` as of `Sound`, '' where there is none."""

    key: str
    text: str
    item: str = ""


@dataclass(frozen=True)
class Called:
    """A reply calls a function. `arguments` is JSON."""

    key: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Ended:
    """A reply is over. `failure` says why it is not whole, in words that quote nothing; '' where it is."""

    key: str
    failure: str = ""
    usage: LLMTokenUsage | None = None


@dataclass(frozen=True)
class Leaving:
    """The vendor will end this session soon: another one is to go on in the next pause."""


Event = Heard | Sound | Words | Called | Ended | Leaving


class VendorSession(Protocol):
    """One session with a vendor. Every method raises VendorLost when it is over."""

    def events(self) -> AsyncIterator[Event]:
        """What it tells, until it is over: then VendorLost is raised."""

    async def set_up(self, setup: Setup) -> None:
        """Tells who the character is, and later what of it has changed."""

    async def add(self, message: Message) -> Sequence[str]:
        """Adds a message to the conversation; the names of what it became."""

    async def remove(self, item: str) -> None:
        """Takes something out of the conversation."""

    async def hear(self, pcm: bytes) -> None:
        """More of what the visitor says."""

    async def commit(self) -> None:
        """That was a piece of speech: it becomes a part of the conversation, and `Heard` tells its words."""

    async def respond(self, wish: Wish) -> None: ...

    async def cancel(self, key: str) -> None:
        """The reply is not wanted any further. `Ended` still comes."""

    async def truncate(self, item: str, heard_secs: float) -> None:
        """No more of this item than that was heard: the rest leaves the conversation."""

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Vendor:
    """A vendor as a character has it. `connect` answers a new session, or raises VendorLost.

    `longest_secs` is how long the vendor lets a session last, `most_tokens` how many one may read for a reply
    before its past is told anew as text.
    """

    name: str
    model: str
    connect: Callable[[], "Any"]
    longest_secs: float
    most_tokens: int
