"""Character updates: which character a session has, its services, and who hears of its changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from characters import catalog, provider_choice
from characters.exceptions import CharacterNotFound
from characters.spec import CharacterSpec
from sessions_app.database import in_database
from sessions_app.exceptions import CharacterUnknown, SessionError
from sessions_app.session import Session
from voicebot.connection.channel_events import ChannelGroups, character_group
from voicebot.documents import indexes
from voicebot.providers import registry

log = logging.getLogger(__name__)


async def spec_of(session: Session, at_least: int = 0) -> CharacterSpec:
    """The session's character: its draft, the version it is pinned to, or what is published.

    `at_least` is a version that the caller has heard of. What its documents say is loaded from now on, long
    before the first turn asks. Raises CharacterUnknown.
    """
    spec = await _fetched(session, at_least)
    indexes().refresh(spec.documents)
    return spec


async def _fetched(session: Session, at_least: int) -> CharacterSpec:
    try:
        if session.draft:
            return await in_database(catalog.draft, session.character)
        if session.pinned:
            return await in_database(catalog.version, session.character, session.version)
        return await in_database(catalog.get, session.character, at_least)
    except CharacterNotFound as error:
        raise CharacterUnknown from error


async def build_services(spec: CharacterSpec) -> tuple[registry.Services, int]:
    """New services for a character, and how many tokens its model reads. Raises ProviderError."""
    made_by = await in_database(registry.factories, spec)
    model = await in_database(provider_choice.ask().model, spec)
    return registry.build(spec, made_by), model.limit


class CharacterUpdates:
    """One connection's subscription to its character; `on_change` is called with what it has become.

    `session` is asked for the session as it stands, None while no pipeline is there.
    """

    def __init__(
        self,
        groups: ChannelGroups,
        session: Callable[[], Session | None],
        on_change: Callable[[CharacterSpec], Awaitable[None]],
    ):
        self._groups, self._session, self._on_change = groups, session, on_change
        self._followed = ""  # the slug
        self._own: tuple[str, CharacterSpec] | None = None  # what was talked with last, by its slug
        self._early: dict[str, Any] | None = None  # a change that came before the pipeline was there
        self.task: asyncio.Task | None = None  # applies a change

    async def own(self, session: Session) -> CharacterSpec:
        """As `spec_of`, without what serves instead; of one that was withdrawn meanwhile, as it was.

        Who talks already may talk on, also with other services. Raises CharacterUnknown.
        """
        try:
            self._own = session.character, await spec_of(session)
        except CharacterUnknown:
            if self._own is None or self._own[0] != session.character:
                raise
        return self._own[1]

    async def follow(self, slug: str) -> None:
        """Hears of this character's changes from now on, and no longer of another's."""
        if self._followed != slug:
            await self.unfollow()
            await self._groups.add(character_group(slug))
            self._followed = slug

    async def unfollow(self) -> None:
        if self._followed:
            await self._groups.discard(character_group(self._followed))
            self._followed = ""

    def on_changed(self, message: dict[str, Any]) -> None:
        """Channel layer: the character was published, withdrawn, or its draft was saved."""
        session = self._session()
        if session is None:
            self._early = message
            return
        if message["slug"] != session.character or session.draft != message["draft"] or session.pinned:
            return
        if message["version"] is None and not session.draft:
            return  # withdrawn: who talks already may talk on
        self.apply(session, message["version"] or 0)

    def catch_up(self) -> None:
        """The pipeline is there: applies a change that came while it was built."""
        early, self._early = self._early, None
        if early:
            self.on_changed(early)

    def apply(self, session: Session, version: int = 0) -> None:
        """Goes on as what the session's character is by now, while everything else goes on, too."""
        if self.task:
            self.task.cancel()
        self.task = asyncio.create_task(self._apply(session, version))

    async def _apply(self, session: Session, version: int) -> None:
        try:
            spec = await _fetched(session, version)
            self._own = session.character, spec
            await asyncio.wrap_future(indexes().refresh(spec.documents))  # it is there at the next turn
            await self._on_change(spec)
        except SessionError:
            pass  # withdrawn in the same moment
        except Exception:
            log.exception("session %s could not take its character's change", session.id)
