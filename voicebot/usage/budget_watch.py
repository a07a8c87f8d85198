"""The budgets of one connection: asked before it begins and at each turn, and what follows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from sessions_app.costs import NOTHING, Budgets, Cost, Verdict
from sessions_app.database import in_database
from sessions_app.exceptions import BudgetSpent
from sessions_app.models import Budget
from sessions_app.session import Session
from voicebot.usage.connection_meter import ConnectionMeter

log = logging.getLogger(__name__)

LOOK_SECS = 20.0  # between two looks while nobody says anything
# By language; where there is none, the English one is said.
GOODBYES = {
    "en": "I have to leave now. Thank you for the talk, and goodbye.",
    "de": "Ich muss jetzt gehen. Danke für das Gespräch, und auf Wiedersehen.",
    "fr": "Je dois partir maintenant. Merci pour cette conversation, et au revoir.",
    "es": "Ahora tengo que irme. Gracias por la charla, y hasta luego.",
    "zh": "我现在得走了。谢谢你陪我聊天，再见。",  # noqa: RUF001
}


def last_words(budget: Budget, language: str) -> str:
    """What a character says when a budget is spent."""
    return budget.line.strip() or GOODBYES.get(language.partition("-")[0].lower(), GOODBYES["en"])


class BudgetWatch:
    """Of one connection of a session."""

    def __init__(self, budgets: Budgets, meter: ConnectionMeter, session: Session):
        self._budgets, self._meter, self._session = budgets, meter, session
        self._earlier: Cost | None = None  # what the session has cost before this connection

    async def admit(self) -> Mapping[str, Any]:
        """What serves instead of the character's own services from the beginning. Raises BudgetSpent."""
        verdict = await self._verdict()
        if verdict.spent:
            raise BudgetSpent(retry_after_secs=self._budgets.secs_to_midnight())
        return verdict.instead

    async def _verdict(self) -> Verdict:
        rows, character = self._meter.rows(), self._meter.character or self._session.character

        def judge() -> Verdict:
            if self._earlier is None:
                self._earlier = self._budgets.earlier(self._session.id)
            own = sum(map(self._budgets.cost, rows), NOTHING)
            return self._budgets.verdict(character, self._session.api_key, self._earlier + own)

        return await in_database(judge)

    async def run(
        self,
        instead: Callable[[Mapping[str, Any]], Awaitable[None]],
        spent: Callable[[Budget], Awaitable[None]],
    ) -> None:
        """Looks at each turn; tells `instead` what serves from now on, and once that a budget is `spent`."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._meter.turned.wait(), LOOK_SECS)
            self._meter.turned.clear()
            try:
                verdict = await self._verdict()
                if verdict.spent:
                    log.info("session %s ends: %s is spent", self._session.id, verdict.spent)
                    await spent(verdict.spent)
                    return
                await instead(verdict.instead)
            except Exception as error:  # the database is away, perhaps: then it is asked at the next turn
                log.warning(
                    "budgets of session %s are not known (%s)", self._session.id, type(error).__name__
                )
