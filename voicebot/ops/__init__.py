"""What a process knows of itself: capacity, load, counts, metrics, tracing, readiness; the server around it.

`metrics`, `readiness`, `serving` and `tracing` are modules, loaded by whoever imports them.
"""

RUNTIME = "runtime"  # where the lifespan's `state`, which every request's scope has, holds the runtime

from voicebot.ops.capacity import Capacity  # noqa: E402
from voicebot.ops.connection_registry import ConnectionRegistry  # noqa: E402
from voicebot.ops.load import BATCHING_SHARE, CORES, Busy, Load  # noqa: E402
from voicebot.ops.machine import process_memory  # noqa: E402
from voicebot.ops.open_connections import OpenConnections  # noqa: E402
from voicebot.ops.prompt_threads import PromptThreads  # noqa: E402
from voicebot.ops.refusals import Refusals  # noqa: E402
from voicebot.ops.shared_counts import Lease, SharedCounts  # noqa: E402
from voicebot.ops.token_bucket import TokenBucket, TooMuch  # noqa: E402

__all__ = [
    "BATCHING_SHARE",
    "CORES",
    "RUNTIME",
    "Busy",
    "Capacity",
    "ConnectionRegistry",
    "Lease",
    "Load",
    "OpenConnections",
    "PromptThreads",
    "Refusals",
    "SharedCounts",
    "TokenBucket",
    "TooMuch",
    "metrics",
    "process_memory",
    "readiness",
    "serving",
    "tracing",
]
