"""Services: the clients inside of them, and text that a model's service pushes."""

from typing import Any

from openai import AsyncOpenAI
from pipecat.services.llm_service import LLMService


class TextPusher(LLMService):
    """LLMService that can push words outside of the stream it reads."""

    async def push_text(self, text: str) -> None:
        """Pushes words of the reply, measured and filtered as those of the stream are."""
        await self._push_llm_text(text)


def client_of(service: Any) -> AsyncOpenAI:
    """The client of one of Pipecat's services for OpenAI's API."""
    client: AsyncOpenAI = service._client
    return client


def set_client_options(service: Any, **options: Any) -> None:
    """Makes a service's client obey options of the SDK's that the service has no argument for."""
    service._client = client_of(service).with_options(**options)
