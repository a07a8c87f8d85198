"""The WebSocket's route."""

from django.urls import path, re_path

from voicebot.connection import consumer

websocket_routes = [
    path("ws/session/<uuid:session_id>/", consumer.VoiceConsumer.as_asgi()),
    re_path(r"", consumer.NoSuchPath.as_asgi()),
]
