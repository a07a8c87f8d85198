"""Pipecat's transport over one connection's line: serializer, framing, silence gate."""

from typing import TYPE_CHECKING

from voicebot.transport import serializer, silence_gate
from voicebot.transport.channels import ChannelsTransport
from voicebot.transport.line import Line, SocketLine
from voicebot.transport.line_rate import RATES_HZ, LineRate
from voicebot.transport.webrtc import Calls, IceServers, Network, OfferError, advice_on_refusal, check_line

if TYPE_CHECKING:
    from voicebot.transport.webrtc.call import Call as Call

__all__ = [
    "RATES_HZ",
    "Calls",
    "ChannelsTransport",
    "IceServers",
    "Line",
    "LineRate",
    "Network",
    "OfferError",
    "SocketLine",
    "advice_on_refusal",
    "check_line",
    "serializer",
    "silence_gate",
]
