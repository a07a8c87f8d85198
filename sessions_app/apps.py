from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    name = "sessions_app"
    label = "sessions_app"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from django.conf import settings

        from sessions_app import receivers
        from sessions_app.crypto import check_strength, key_ring

        if settings.PRODUCTION:
            check_strength(settings.SESSION_KEYS)
        key_ring()  # a ring with a mistake in it stops the start, not the first visitor
        receivers.end_sessions_of_disabled()
        receivers.follow_moved_characters()
        receivers.journal_deleted_documents()
        receivers.rewrap_other_keys()
