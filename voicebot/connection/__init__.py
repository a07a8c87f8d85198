"""One WebSocket: who is admitted, what it runs, what it hears of, and how it ends; origins and rate limits.

Others import these modules, each for itself: the consumer brings the whole pipeline along.
"""

__all__ = ["channel_events", "consumer", "origins", "rate_limits"]
