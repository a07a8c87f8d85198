"""Dotted paths of service classes: which may be imported, decided on the text; and the import itself.

Importing a module runs it, so whether a name may be imported is never asked of what it names.
"""

import re
import threading
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from voicebot.providers.errors import ProviderError

PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
PIPECAT = "pipecat.services"
IMPORT_SECS = 60.0  # SDKs of cloud providers take ten on a busy machine


def check(path: str) -> None:
    """Raises ProviderError unless a class at this path may be imported: it belongs to an allowed package."""
    packages = [PIPECAT, *settings.PROVIDER_PACKAGES]
    plain = PATH.fullmatch(path) and not any(part.startswith("__") for part in path.split("."))
    if not plain or not path.startswith(tuple(f"{package}." for package in packages)):
        raise ProviderError(
            _(
                "%(path)r is no class that may serve here: it must be in %(packages)s. "
                "An operator adds packages with PROVIDER_PACKAGES."
            )
            % {"path": path, "packages": _(" or ").join(packages)}
        )


def said(error: BaseException) -> str:
    """The error's kind and message. What comes from elsewhere may fail at that too."""
    try:
        text = str(error)
    except BaseException:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def imported(path: str, limit_secs: float = IMPORT_SECS) -> Any:
    """What is at an allowed path. Raises ProviderError, whatever the module raises when it is run.

    It runs in a thread of its own: SystemExit and its like end that and nothing else, and a module that never
    returns keeps nobody waiting for longer than `limit_secs`.
    """
    check(path)
    found: list[Any] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            found.append(import_string(path))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="provider-import", daemon=True)
    thread.start()
    thread.join(limit_secs)
    if errors:
        sentence = _("There is no Pipecat service at %(path)r (%(error)s).")
        raise ProviderError(sentence % {"path": path, "error": said(errors[0])}) from errors[0]
    if not found:
        sentence = _("%(path)r could not be imported within %(secs)s s.")
        raise ProviderError(sentence % {"path": path, "secs": f"{limit_secs:g}"})
    return found[0]
