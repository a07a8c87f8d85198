"""A model that calls functions, behind the OpenAI API."""

from collections.abc import AsyncIterator

import pytest

from tests.voicebot.model_server import Model, model_server


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with model_server() as running:
        yield running
