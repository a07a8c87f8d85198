"""Pipecat's transport over one connection's line: serializer, framing, silence gate."""

from voicebot.transport import serializer, silence_gate
from voicebot.transport.channels import ChannelsTransport
from voicebot.transport.line import Line, SocketLine
from voicebot.transport.line_rate import RATES_HZ, LineRate

__all__ = ["RATES_HZ", "ChannelsTransport", "Line", "LineRate", "SocketLine", "serializer", "silence_gate"]
