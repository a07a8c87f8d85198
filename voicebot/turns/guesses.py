"""Guesses: answers that are prepared in a pause, before it is certain that the visitor's turn is over.

Most pauses that sound like an end are one. An answer that was begun there is ready when that is certain, and
thrown away unheard where the visitor goes on. It takes time of the cores on which others wait for theirs.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol

from voicebot.ops import CORES, Load

GUESS_SHARE = 0.6  # of the machine in use, above which nothing is guessed
MOST = max(1, int(CORES // 2))  # guesses at once; the rest of the cores is for what was asked
Withdraw = Callable[[], Awaitable[None]]


class Answers(Protocol):
    """Who answers one visitor, as a guess finds them."""

    @property
    def may_guess(self) -> bool:
        """Whether an answer may be prepared that nobody has asked for yet."""

    @property
    def basis(self) -> object:
        """What an answer is based on, besides the words: one prepared on another basis does not hold."""

    def guessing(self) -> None:
        """An answer is being prepared."""

    def confirmed(self) -> None:
        """It is wanted, and will be heard."""

    def withdrawn(self) -> None:
        """It is not, and nothing of it remains."""


class NoAnswers:
    """Nobody who would answer before they are asked."""

    may_guess, basis = False, None

    def guessing(self) -> None: ...

    def confirmed(self) -> None: ...

    def withdrawn(self) -> None: ...


class Guesses:
    """All guesses of this process. They give way to every answer that somebody waits for."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._guessing: dict[Hashable, Withdraw] = {}
        self._awaited: set[Hashable] = set()  # whose answer is on its way, and not heard yet

    @property
    def count(self) -> int:
        """How many are being prepared now."""
        return len(self._guessing)

    def begin(self, owner: Hashable, withdraw: Withdraw) -> bool:
        """Whether there is room for a guess of this owner, which is awaited by `withdraw` to give way."""
        others_wait = self._awaited - {owner}
        if self._load.lately > GUESS_SHARE or others_wait or self.count >= MOST:
            return False
        self._guessing[owner] = withdraw
        return True

    def end(self, owner: Hashable) -> None:
        """The owner's guess is over, whatever has become of it."""
        self._guessing.pop(owner, None)

    async def await_answer(self, owner: Hashable) -> None:
        """The owner has asked: others who only guess give way."""
        self._awaited.add(owner)
        for other, withdraw in list(self._guessing.items()):
            if other != owner:
                await withdraw()

    def answered(self, owner: Hashable) -> None:
        """The owner hears an answer, or waits for none any more."""
        self._awaited.discard(owner)
