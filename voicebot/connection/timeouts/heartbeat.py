"""The heartbeat of one connection: keeps its session alive, and notices when it no longer should be."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from django.db import Error as DatabaseError

from sessions_app.database import database_clock
from sessions_app.exceptions import SessionError, Unavailable
from sessions_app.manager import TOUCH_SECS
from voicebot.history import TRANSIENT_ERRORS

log = logging.getLogger(__name__)

EXPIRING_SECS = 60.0  # before the end of a session its visitor is told


async def keep_alive(
    touch: Callable[[], Awaitable[datetime]], on_expiring: Callable[[float], Awaitable[bool]]
) -> SessionError:
    """Touches the session until that is refused, and gives back why.

    `touch` says when the session ends, `on_expiring` is told once in how many seconds; False if it could not
    be.
    """
    told = False
    while True:
        await asyncio.sleep(TOUCH_SECS)
        try:
            expires_at = await touch()
        except Unavailable:
            continue
        except SessionError as error:
            return error
        except (DatabaseError, *TRANSIENT_ERRORS):
            continue  # it lives on, and is touched when there is something to touch it in
        except Exception:
            log.exception("a session could not be touched; trying again")
            continue
        left_secs = (expires_at - database_clock.carried()).total_seconds()
        if left_secs < EXPIRING_SECS and not told:
            told = await on_expiring(left_secs)
