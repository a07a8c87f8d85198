from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CharactersConfig(AppConfig):
    name = "characters"
    verbose_name = _("Characters")

    def ready(self) -> None:
        from characters import catalog, shelf

        catalog.forget_on_change()
        shelf.delete_unused_on_change()
