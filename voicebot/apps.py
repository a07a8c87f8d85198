from django.apps import AppConfig


class VoicebotConfig(AppConfig):
    name = "voicebot"
    verbose_name = "The stage"

    def ready(self) -> None:
        from characters import casting
        from characters.signals import character_changed
        from sessions_app.signals import keys_rotated, sessions_over
        from voicebot import handover, news
        from voicebot.casting import House
        from voicebot.models import ProviderProfile

        casting.use(House())
        sessions_over.connect(handover.on_sessions_over, dispatch_uid="voicebot.handover")
        character_changed.connect(news.on_character_changed, dispatch_uid="voicebot.news")
        keys_rotated.connect(
            lambda **_: ProviderProfile.rewrap_all(), weak=False, dispatch_uid="voicebot.profiles"
        )
