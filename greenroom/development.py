"""Development secrets: made once by the machine for itself, and kept under `.data`."""

import base64
import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DEVELOPMENT_KEY_ID = "development"  # the key ring refuses this id in production


def remembered(path: Path, make: Callable[[], str]) -> str:
    """What stands in `path`; made and written there first, readable by its owner only, if it is new.

    Of processes that start at once one writes, whole before anybody reads, and the others take that.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, own = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # with mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(make() + "\n")
            with suppress(FileExistsError):
                os.link(own, path)
        finally:
            Path(own).unlink()
    return path.read_text().strip()


def secret_key() -> str:
    return secrets.token_urlsafe(48)


def session_keys() -> str:
    return f"{DEVELOPMENT_KEY_ID}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
