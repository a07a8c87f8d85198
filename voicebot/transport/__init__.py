"""Pipecat's transport over a Channels consumer: serializer, framing, silence gate."""

from voicebot.transport import serializer, silence_gate
from voicebot.transport.channels import ChannelsTransport
from voicebot.transport.line_rate import RATES_HZ, LineRate

__all__ = ["RATES_HZ", "ChannelsTransport", "LineRate", "serializer", "silence_gate"]
