"""django-redis over a Redis Cluster, which it has no client for: named in CACHES, see `config.redis`."""

from collections.abc import Collection
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django_redis.client import DefaultClient
from django_redis.pool import ConnectionFactory
from redis.cluster import ClusterNode, RedisCluster


class ClusterFactory(ConnectionFactory):
    """Hands out one client for each Cluster: it keeps the pools of all nodes, and threads share it."""

    _clusters: ClassVar[dict[str, RedisCluster]] = {}

    def connect(self, url: str) -> RedisCluster:
        """`url` is one node; the others of CLUSTER_NODES are asked when it is away."""
        if url not in self._clusters:
            nodes = [urlsplit(node) for node in self.options["CLUSTER_NODES"]]
            self._clusters[url] = RedisCluster.from_url(
                url,
                startup_nodes=[ClusterNode(str(node.hostname), node.port or 6379) for node in nodes],
                **self.pool_cls_kwargs,
            )
        return self._clusters[url]

    def disconnect(self, connection: RedisCluster) -> None:
        connection.disconnect_connection_pools()


class ClusterClient(DefaultClient):
    """Its keys lie on several nodes, so several are read one by one: MGET knows one node only."""

    def get_many(self, keys: Collection[str], version: int | None = None, client: Any = None) -> dict:
        missing = object()
        values = ((key, self.get(key, missing, version, client)) for key in keys)
        return {key: value for key, value in values if value is not missing}
