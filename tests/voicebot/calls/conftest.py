"""A TURN server, where one is installed."""

from collections.abc import Iterator

import pytest

from tests.turn_server import turn_server


@pytest.fixture
def coturn(tmp_path) -> Iterator[int]:
    """coturn with a shared secret, on loopback."""
    with turn_server(tmp_path) as port:
        yield port
