"""MCP: tools of other servers, by the Model Context Protocol and its official SDK.

Pipecat's `MCPClient` is for one pipeline: it makes its HTTP client itself, writes arguments and answers into
the log, and tells a failed call from a good one by its text. Here a server's connection is the process's,
what may be reached is guarded as webhooks are, and what comes back is bounded.
"""

from voicebot.tools.mcp import kind
from voicebot.tools.mcp.errors import ServerAway, ServerRefused
from voicebot.tools.mcp.listing import listed
from voicebot.tools.mcp.pool import ToolServers
from voicebot.tools.mcp.servers import Server

__all__ = ["Server", "ServerAway", "ServerRefused", "ToolServers", "kind", "listed"]
