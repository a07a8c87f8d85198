"""Requests to servers of others: guarded, so that none leads into this network; bounded, never redirected."""

from voicebot.outbound.guarded import (
    GuardedResolver,
    Lookup,
    OutOfBounds,
    allowed_networks,
    check_address,
    is_literal,
)
from voicebot.outbound.posting import MOST_BYTES, Answered, PostFailed, Posting, Unreached

__all__ = [
    "MOST_BYTES",
    "Answered",
    "GuardedResolver",
    "Lookup",
    "OutOfBounds",
    "PostFailed",
    "Posting",
    "Unreached",
    "allowed_networks",
    "check_address",
    "is_literal",
]
