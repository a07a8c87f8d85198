from typing import Any

from django.apps import AppConfig


class GreenroomConfig(AppConfig):
    name = "greenroom"

    def __init__(self, *of_django: Any) -> None:
        super().__init__(*of_django)
        from django.conf import settings

        from greenroom import project_settings

        project_settings.fill(settings)  # before any model is imported, which may ask for one
