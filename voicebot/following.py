"""How a connection follows its character: whom it plays with, and what an editor or a switch makes of it."""

import asyncio
import logging
from typing import Any

from characters import casting, catalog
from characters.exceptions import CharacterNotFound
from characters.sheet import Sheet
from sessions_app.database import in_database
from sessions_app.exceptions import CharacterUnknown, SessionError
from sessions_app.session import Session
from voicebot import news
from voicebot.pipeline import VoicePipeline
from voicebot.providers import registry

log = logging.getLogger(__name__)

CALM_SECS = 30.0  # for both to stop speaking before a character gets new services


async def sheet_of(session: Session, at_least: int = 0) -> Sheet:
    """The session's character: its draft, the version it is pinned to, or what is on stage.

    `at_least` is a version that the caller has heard of. Raises CharacterUnknown.
    """
    try:
        if session.draft:
            return await in_database(catalog.draft, session.character)
        if session.pinned:
            return await in_database(catalog.version, session.character, session.version)
        return await in_database(catalog.get, session.character, at_least)
    except CharacterNotFound as error:
        raise CharacterUnknown from error


async def cast(sheet: Sheet) -> tuple[registry.Services, int]:
    """New services for a character, and how many tokens its model reads. Raises ProviderError."""
    made_by = await in_database(registry.factories, sheet)
    model = await in_database(casting.ask().model, sheet)
    return registry.build(sheet, made_by), model.limit


class FollowsCharacter:
    """Mixed into the consumer: hears of its character's changes, and goes on as what it has become."""

    channel_layer: Any
    channel_name: str
    _closing: bool

    def __init__(self) -> None:
        super().__init__()
        self._pipeline: VoicePipeline | None = None
        self._news: asyncio.Task | None = None  # takes up a change of the character
        self._early: dict[str, Any] | None = None  # a change that came before the pipeline was there
        self._followed = ""  # the character of whose changes this connection hears
        self._recasting = False  # the pipeline ends because another one is to go on

    async def follow(self, slug: str) -> None:
        """Hears of this character's changes from now on, and no longer of another's."""
        if self._followed != slug:
            await self.unfollow()
            await self.channel_layer.group_add(news.group_of(slug), self.channel_name)
            self._followed = slug

    async def unfollow(self) -> None:
        if self._followed:
            await self.channel_layer.group_discard(news.group_of(self._followed), self.channel_name)
            self._followed = ""

    async def recast(self, pipeline: VoicePipeline, sheet: Sheet) -> None:
        """Goes on as this sheet: at the next turn, or with new services as soon as nobody speaks."""
        await pipeline.recast(sheet)
        if pipeline.can_take_up(sheet):
            return
        await pipeline.life.calm(CALM_SECS)
        if pipeline is self._pipeline and not self._closing:
            self._recasting = True
            await pipeline.cancel()

    async def character_changed(self, message: dict[str, Any]) -> None:
        """Channel layer: the character was published, withdrawn, or its draft was saved."""
        pipeline = self._pipeline
        if pipeline is None:
            self._early = message
            return
        session = pipeline.stage.session
        if message["slug"] != session.character or session.draft != message["draft"] or session.pinned:
            return
        if message["version"] is None and not session.draft:
            return  # withdrawn: who talks already may talk on
        if self._news:
            self._news.cancel()
        self._news = asyncio.create_task(self._hear_news(pipeline, session, message["version"] or 0))

    async def catch_up(self) -> None:
        """The pipeline is there: takes up a change that came while it was made."""
        early, self._early = self._early, None
        if early:
            await self.character_changed(early)

    async def _hear_news(self, pipeline: VoicePipeline, session: Session, version: int) -> None:
        try:
            await self.recast(pipeline, await sheet_of(session, version))
        except SessionError:
            pass  # withdrawn in the same moment
        except Exception:
            log.exception("session %s could not take up its character's change", session.id)
