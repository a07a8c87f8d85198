"""Client messages that apps answer: the registry that `voicebot.pipeline.client_messages` answers from."""

import re
from collections.abc import Callable

from sessions_app.handlers import Wrapped

NAME = re.compile(r"[a-z][\w.-]{0,63}")

# Filled by decorators at import, as Django's own registries are (admin, checks, signals): the same code makes
# the same handlers in every process and test, so this is no state of a runtime.
CLIENT_MESSAGES: dict[str, Wrapped] = {}


def client_message(name: str) -> Callable[[Wrapped], Wrapped]:
    """Registers the handler of a kind of RTVI `client-message`; it goes over `@with_session`.

    What the handler returns is the data of the `server-response`. Raises ValueError if the name is taken.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a client message: write small letters, figures, dots.")

    def register(handler: Wrapped) -> Wrapped:
        if name in CLIENT_MESSAGES:
            raise ValueError(f"There is a handler for {name!r} already.")
        CLIENT_MESSAGES[name] = handler
        return handler

    return register
