"""Redis behind cache and channel layer: one server (TLS with rediss://), Sentinel, or Cluster."""

import json
from typing import Any
from urllib.parse import urlsplit

from redis.backoff import NoBackoff
from redis.retry import Retry

CHANNEL_PREFIX = "greenroom"
# A server that is frozen answers nothing: nobody waits longer than this for it. One more try, at once, is for
# a connection that a restart has broken; redis-py's own tries go on for many seconds.
REDIS_SECS = 1.0
REDIS_TIMEOUTS: dict[str, Any] = {
    "socket_timeout": REDIS_SECS,
    "socket_connect_timeout": REDIS_SECS,
    "retry": Retry(NoBackoff(), 1),
}


def _sentinels(text: str) -> list[tuple[str, int]]:
    """`host:port,host:port` as pairs."""
    pairs = [entry.strip().rpartition(":") for entry in text.split(",") if entry.strip()]
    return [(host, int(port)) for host, _, port in pairs]


def caches(url: str, sentinels: str, options: str, *, cluster: bool = False) -> dict[str, Any]:
    """Django's CACHES. With Sentinel the host of `url` is the service's name; several URLs with commas
    between them are the nodes of a Cluster if it is one, else shards.

    `default` goes on when Redis is away; `strict` is the same one for who has to know that it is.
    """
    pool = REDIS_TIMEOUTS | (json.loads(options) if options else {})
    location = [part.strip() for part in url.split(",")]
    where: str | list[str] = location[0]
    how: dict[str, Any] = {}
    if sentinels:
        where = url
        how = {
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "SENTINELS": _sentinels(sentinels),
            "SENTINEL_KWARGS": pool.pop("sentinel_kwargs", {}),
            "CONNECTION_POOL_CLASS": "redis.sentinel.SentinelConnectionPool",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
        }
    elif cluster:
        how = {
            "CLIENT_CLASS": "config.redis.cluster.ClusterClient",
            "CONNECTION_FACTORY": "config.redis.cluster.ClusterFactory",
            "CLUSTER_NODES": location,
        }
    elif len(location) > 1:
        where = location
        how = {"CLIENT_CLASS": "django_redis.client.ShardClient"}
    cache = {
        "LOCATION": where,
        "OPTIONS": {
            **how,
            "CONNECTION_POOL_KWARGS": pool,
            "SERIALIZER": "config.redis.tolerant_cache.PlainJSON",  # nothing here is ever unpickled
        },
    }
    return {
        "default": {"BACKEND": "config.redis.tolerant_cache.TolerantRedisCache", **cache},
        "strict": {"BACKEND": "django_redis.cache.RedisCache", **cache},
    }


def channel_layers(url: str, sentinels: str, options: str) -> dict[str, Any]:
    """CHANNEL_LAYERS. Pub/sub of a Cluster reaches every node, so any of its nodes serves."""
    pool = json.loads(options) if options else {}
    if sentinels:
        parts = urlsplit(url)
        host: dict[str, Any] = {
            "sentinels": _sentinels(sentinels),
            "master_name": parts.hostname or "mymaster",
            "db": int(parts.path.strip("/") or 0),
            **pool,
        }
        hosts: list[Any] = [host]
    else:
        hosts = [{"address": part.strip(), **pool} for part in url.split(",")]
    return {
        "default": {
            "BACKEND": "config.redis.channel_layer.TolerantChannelLayer",
            "CONFIG": {"hosts": hosts, "prefix": CHANNEL_PREFIX},
        }
    }
