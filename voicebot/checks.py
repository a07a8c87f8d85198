"""What `manage.py check`, and every start of the server, say of the providers that the environment names."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from sessions_app import stores
from voicebot import extensions
from voicebot.providers import ProviderError, class_paths


@register
def named_classes_are_allowed(**_: Any) -> list[CheckMessage]:
    """A class path that may not serve is an operator's mistake: told now, and not to the first visitor."""
    named = {
        "DEFAULT_PROVIDER": settings.DEFAULT_PROVIDER,
        **{f"{stage.upper()}_PROVIDER": name for stage, name in settings.STAGE_PROVIDERS.items()},
        **{f"{stage.upper()}_FALLBACK": name for stage, name in settings.STAGE_FALLBACKS.items()},
    }
    found: list[CheckMessage] = []
    for variable, name in named.items():
        if "." not in name:
            continue
        try:
            class_paths.check(name)
        except ProviderError as error:
            found.append(Error(f"{variable}: {error}", id="voicebot.E001"))
    return found


@register
def extensions_are_registered(**_: Any) -> list[CheckMessage]:
    """What an app's `greenroom` module could not register is told at the start."""
    return [Error(problem, id="voicebot.E002") for problem in extensions.problems()]


@register
def the_session_store_is_known(**_: Any) -> list[CheckMessage]:
    """A name that no app has added is a mistake that the environment's own check cannot see."""
    name = settings.SESSION_STORE
    if "." in name or name in stores.STORES:
        return []
    sentence = (
        f"There is no session store {name!r}: SESSION_STORE takes {', '.join(stores.STORES)}, or a path."
    )
    return [Error(sentence, id="voicebot.E003")]
