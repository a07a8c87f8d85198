"""The WebSocket's route."""

from django.urls import path, re_path

from voicebot.consumers import NoSuchPath, VoiceConsumer

websocket_routes = [
    path("ws/session/<uuid:session_id>/", VoiceConsumer.as_asgi()),
    re_path(r"", NoSuchPath.as_asgi()),
]
