"""The WebSocket's route."""

from django.urls import URLPattern, path, re_path

from voicebot.connection import consumer


def websocket_routes(prefix: str = "") -> list[URLPattern]:
    """`prefix` is the one of `voicebot.urls`, such as `voices/`. The last route refuses all other paths."""
    return [
        path(f"{prefix}ws/session/<uuid:session_id>/", consumer.VoiceConsumer.as_asgi()),
        re_path(r"", consumer.NoSuchPath.as_asgi()),
    ]
