"""Fate of a call: what the transport knows of it, and who made it asks for when it went wrong."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Fate:
    """`not_run`: the server has certainly not run it, and it may be called again."""

    not_run: bool = False


# The SDK sends in the context of who called; where it did not, nothing would be called again.
fate: ContextVar[Fate | None] = ContextVar("fate", default=None)
