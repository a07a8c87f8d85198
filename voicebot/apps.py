from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VoicebotConfig(AppConfig):
    name = "voicebot"
    verbose_name = _("Providers")

    def ready(self) -> None:
        from characters import provider_choice
        from characters.signals import character_changed
        from sessions_app.signals import keys_rotated, memories_changed, sessions_over
        from voicebot import (
            checks,  # noqa: F401  (checks registers itself)
            extensions,
            runtime,
        )
        from voicebot.connection import channel_events
        from voicebot.models import ProviderProfile
        from voicebot.tools import Desk

        provider_choice.use(Desk())
        sessions_over.connect(channel_events.on_sessions_over, dispatch_uid="voicebot.takeover")
        memories_changed.connect(channel_events.on_memories_changed, dispatch_uid="voicebot.memories")
        character_changed.connect(channel_events.on_character_changed, dispatch_uid="voicebot.channel_events")
        character_changed.connect(
            lambda **_: runtime.default().reading_ahead.soon(),
            weak=False,
            dispatch_uid="voicebot.reading_ahead",
        )
        character_changed.connect(
            lambda **_: runtime.default().document_reading.soon(),
            weak=False,
            dispatch_uid="voicebot.document_reading",
        )
        keys_rotated.connect(ProviderProfile.rewrap_all, dispatch_uid="voicebot.profiles")
        keys_rotated.connect(
            lambda **_: runtime.default().recovery.still_under_other_keys(),
            weak=False,
            dispatch_uid="voicebot.history.spool",
        )
        extensions.discover()
