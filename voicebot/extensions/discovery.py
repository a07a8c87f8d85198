"""Discovery: each installed app's module `greenroom` is imported when Django starts, as its `admin` is."""

import traceback
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

MODULE = "greenroom"
_problems: list[str] = []


def discover() -> None:
    """Imports them. What fails is kept for `problems`: a start that fails should say why, in a sentence."""
    _problems.clear()
    for config in apps.get_app_configs():
        if config.module is None or not module_has_submodule(config.module, MODULE):
            continue
        name = f"{config.name}.{MODULE}"
        try:
            import_module(name)
        except Exception as error:
            where = [
                frame for frame in traceback.extract_tb(error.__traceback__) if config.path in frame.filename
            ]
            line = f", line {where[-1].lineno}" if where else ""
            _problems.append(f"{name}{line}: {error or type(error).__name__}")


def problems() -> list[str]:
    """What could not be registered, a sentence for each app."""
    return list(_problems)
