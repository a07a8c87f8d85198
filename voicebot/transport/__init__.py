"""Pipecat's transport over a Channels consumer: serializer, framing, silence gate."""

from voicebot.transport import serializer, silence_gate
from voicebot.transport.channels import ChannelsTransport

__all__ = ["ChannelsTransport", "serializer", "silence_gate"]
