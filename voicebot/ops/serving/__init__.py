"""The server around the application: uvicorn that drains, its limits and dead peers, the ASGI lifespan."""

from voicebot.ops.serving.lifespan import Lifespan
from voicebot.ops.serving.server import make_server

__all__ = ["Lifespan", "make_server"]
