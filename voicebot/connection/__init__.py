"""A connection is one WebSocket: admission, its conversation, takeover, updates, ends; origins, rate limits.

Others import these modules, each for itself: the consumer brings the whole pipeline along.
"""

__all__ = ["channel_events", "consumer", "origins", "rate_limits"]
