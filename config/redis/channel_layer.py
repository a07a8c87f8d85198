"""The channel layers: nothing of a connection stays in them, and a Redis that is away turns nobody away.

Connections of one process hear of each other without Redis, too. What needs it is made good when it is back:
subscriptions that could not be made are made then. Messages between processes are lost meanwhile; whoever
depends on one asks the database as well, at the next heartbeat.
"""

import asyncio
import logging
from contextlib import suppress
from functools import cache
from typing import Any

from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, decode_hosts

from sessions_app.database import Breaker

log = logging.getLogger(__name__)

LAYER_SECS = 1.0  # for Redis to take a subscription or a message
RESUBSCRIBE_SECS = 1.0  # between two tries of subscriptions that are owed


@cache
def _breaker_of(host: str) -> Breaker:
    return Breaker("Redis (channel layer)")


class TolerantShard(RedisSingleShardConnection):
    """One Redis. What it cannot subscribe to now, it subscribes to later."""

    def __init__(self, host: Any, channel_layer: Any):
        super().__init__(host, channel_layer)
        self._owed: set[str] = set()
        self._paying: asyncio.Task | None = None
        # Synchronous code has an event loop, and with it a layer, for each message: what is known is shared.
        self._breaker = _breaker_of(repr(host))

    async def publish(self, channel: str, message: bytes) -> None:
        """Raises TimeoutError, or what redis-py raises, if the message did not go out."""
        if self._breaker.rests:
            raise TimeoutError("Redis is away")
        try:
            async with asyncio.timeout(LAYER_SECS):
                await super().publish(channel, message)
        except Exception as error:
            self._breaker.failed(error)
            raise
        self._breaker.answered()

    async def subscribe(self, channel: str) -> None:
        if not await self._subscribed(channel):
            self._owed.add(channel)
            if self._paying is None or self._paying.done():
                self._paying = asyncio.create_task(self._pay(), name="subscriptions that are owed")

    async def _subscribed(self, channel: str) -> bool:
        if self._breaker.rests:
            return False
        try:
            async with asyncio.timeout(LAYER_SECS):
                await super().subscribe(channel)
                if self._breaker.away:
                    await self._redis.ping()  # a subscription is only sent: one that freezes seems to take it
        except Exception as error:
            self._breaker.failed(error)
            return False
        self._breaker.answered()
        return True

    async def _pay(self) -> None:
        while self._owed:
            await asyncio.sleep(RESUBSCRIBE_SECS)
            for channel in list(self._owed):
                if channel not in self._owed:
                    continue  # whoever wanted it has gone meanwhile
                if not await self._subscribed(channel):
                    break
                self._owed.discard(channel)

    async def _do_receiving(self) -> None:
        """As the library's, which tells the whole story of a Redis that is away once a second."""
        while True:
            try:
                if self._pubsub and self._pubsub.subscribed:
                    message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=0.1)
                    self._receive_message(message)
                else:
                    await asyncio.sleep(0.1)
            except Exception as error:
                self._breaker.failed(error)
                await asyncio.sleep(RESUBSCRIBE_SECS)

    async def unsubscribe(self, channel: str) -> None:
        if channel in self._owed:
            self._owed.discard(channel)
            self._subscribed_to.add(channel)  # Redis may have taken what it did not confirm
        try:
            if self._breaker.rests:
                raise TimeoutError("Redis is away")
            async with asyncio.timeout(LAYER_SECS):
                await super().unsubscribe(channel)
        except Exception as error:
            # Redis forgets a subscription with its connection; this side must not make it again.
            if not self._breaker.rests:
                self._breaker.failed(error)
            self._subscribed_to.discard(channel)
            if self._pubsub is not None:
                self._pubsub.channels.pop(channel.encode(), None)

    async def flush(self) -> None:
        if self._paying:
            self._paying.cancel()
            with suppress(asyncio.CancelledError):
                await self._paying
        self._owed.clear()
        await super().flush()


class TolerantLoopLayer(RedisPubSubLoopLayer):
    """The layer of one event loop."""

    def __init__(self, hosts: Any = None, **kwargs: Any):
        super().__init__(hosts=[], **kwargs)
        self._shards = [TolerantShard(host, self) for host in decode_hosts(hosts)]

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Sends to all subscribers of the group; to those of this process alone while Redis is away."""
        try:
            await super().group_send(group, message)
        except Exception:
            data = self.channel_layer.serialize(message)
            for channel in self.groups.get(self._get_group_channel_name(group), ()):
                if channel in self.channels:
                    self.channels[channel].put_nowait(data)

    async def delete_channel(self, channel: str) -> None:
        """Ends a channel that `new_channel` began: it is in no group any more, and Redis sends it nothing.

        The library's own way, the end of a `receive`, is missed by whoever goes while no `receive` waits.
        """
        prefix = self._get_group_channel_name("")
        for name in [name for name, channels in self.groups.items() if channel in channels]:
            await self.group_discard(name.removeprefix(prefix), channel)
        if self.channels.pop(channel, None) is not None:
            await self._get_shard(channel).unsubscribe(channel)


class TolerantChannelLayer(RedisPubSubChannelLayer):
    """RedisPubSubChannelLayer whose loops' layers are tolerant."""

    def _get_layer(self) -> TolerantLoopLayer:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = TolerantLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: TolerantLoopLayer = self._layers[loop]
        return layer


class LocalChannelLayer(InMemoryChannelLayer):
    """The channel layer of one process, without Redis."""

    async def delete_channel(self, channel: str) -> None:
        """Ends a channel that `new_channel` began: no group knows it, and nothing waits for it."""
        for name in [name for name, channels in self.groups.items() if channel in channels]:
            await self.group_discard(name, channel)
        self.channels.pop(channel, None)
