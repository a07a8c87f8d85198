"""One WebSocket or call is a connection: admission, takeover, updates, origins, rate limits.

Others import these modules, each for itself: the consumer brings the whole pipeline along.
"""

__all__ = ["admission", "call_consumer", "channel_events", "consumer", "origins", "rate_limits"]
