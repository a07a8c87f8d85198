"""HTTP connections by network: one that opens them without end leaves no descriptor to anybody else."""

import resource
from collections import Counter

from sessions_app.network import is_proxy, network_of

# Of the descriptors that the system gives this process, one network gets so many parts.
SHARE = 8
FEWEST = 64


class OpenConnections:
    """Counts on the event loop. A proxy is not counted: it brings everybody's, and has limits of its own."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @property
    def most(self) -> int:
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self._most or max(FEWEST, descriptors // SHARE)

    def take(self, peer: str) -> bool:
        """Whether one more may be open from there. Each that was taken is to be left."""
        if is_proxy(peer):
            return True
        network = network_of(peer)
        if self._open[network] >= self.most:
            return False
        self._open[network] += 1
        return True

    def leave(self, peer: str) -> None:
        if is_proxy(peer):
            return
        network = network_of(peer)
        self._open[network] -= 1
        if self._open[network] <= 0:
            del self._open[network]
