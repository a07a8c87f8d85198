"""Hands: what a tool can do with the conversation that called it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from voicebot.pipeline import ConversationState


class Hands(Protocol):
    """Of one connection's pipeline."""

    @property
    def state(self) -> "ConversationState": ...

    async def say(self, text: str) -> None:
        """The character says this, outside of any reply."""

    async def show(self, message: Mapping[str, Any]) -> None:
        """The page gets this as a server message."""

    async def speak_up(self, request: str) -> None:
        """The model is asked for a turn that nobody asked for, as soon as nobody speaks."""

    def later(self, secs: float, what: Callable[[], Awaitable[None]]) -> None:
        """Does this in so many seconds, if the conversation still goes on."""

    def hand_over(self, slug: str) -> None:
        """Another character goes on, when what is being said is over."""

    def end(self) -> None:
        """The conversation ends, when what is being said is over."""

    async def ask_page(self, call_id: str, name: str, arguments: Mapping[str, Any]) -> Any:
        """What a function of the page answers. Waits as long as the caller lets it."""
