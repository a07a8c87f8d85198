"""Redis behind cache and channel layer: how it is reached, and what goes on while it is away."""

from config.redis.redis_settings import REDIS_SECS, caches, channel_layers

__all__ = ["REDIS_SECS", "caches", "channel_layers"]
