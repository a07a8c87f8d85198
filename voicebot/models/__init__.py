"""What operators set up: provider profiles, headers that are sealed, servers of tools."""

from voicebot.models.profiles import ProviderProfile
from voicebot.models.sealed_headers import SealedHeader, origin_of, valid_address
from voicebot.models.tool_servers import ToolServer

__all__ = ["ProviderProfile", "SealedHeader", "ToolServer", "origin_of", "valid_address"]
