from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VoicebotConfig(AppConfig):
    name = "voicebot"
    verbose_name = _("Providers")

    def ready(self) -> None:
        from django.db.models.signals import post_delete

        from characters import provider_choice
        from characters.models import Document
        from characters.signals import character_changed
        from sessions_app.signals import keys_rotated, memories_changed, sessions_over
        from voicebot import (
            checks,  # noqa: F401  (checks registers itself)
            documents,
            extensions,
            runtime,
        )
        from voicebot.connection import channel_events
        from voicebot.models import ProviderProfile, SealedHeader
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
        post_delete.connect(
            lambda instance, **_: documents.pgvector.forget(instance.pk),
            sender=Document,
            weak=False,
            dispatch_uid="voicebot.documents",
        )
        keys_rotated.connect(ProviderProfile.rewrap_all, dispatch_uid="voicebot.profiles")
        keys_rotated.connect(SealedHeader.rewrap_all, dispatch_uid="voicebot.sealed_headers")
        keys_rotated.connect(
            lambda **_: runtime.default().recovery.still_under_other_keys(),
            weak=False,
            dispatch_uid="voicebot.history.spool",
        )
        extensions.discover()
