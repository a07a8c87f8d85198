"""Secrets that a development machine makes for itself, once, and keeps under `.data`."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

DEVELOPMENT_KEY_ID = "development"  # the key ring refuses this id in production


def remembered(path: Path, make: Callable[[], str]) -> str:
    """What stands in `path`; made and written there first, readable by its owner only, if it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        value = make()
        file.write(value + "\n")
    return value


def secret_key() -> str:
    return secrets.token_urlsafe(48)


def session_keys() -> str:
    return f"{DEVELOPMENT_KEY_ID}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
