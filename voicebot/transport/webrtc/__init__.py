"""WebRTC as a line: one peer connection a call, Opus both ways, RTVI over its data channel.

aiortc and libopus are loaded with the first call, so that a server without the extra `webrtc` starts.
"""

from voicebot.transport.webrtc.calls import Calls
from voicebot.transport.webrtc.descriptions import OfferError
from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.line_check import advice_on_refusal
from voicebot.transport.webrtc.line_check import check as check_line
from voicebot.transport.webrtc.network import Network

__all__ = ["Calls", "IceServers", "Network", "OfferError", "advice_on_refusal", "check_line"]
