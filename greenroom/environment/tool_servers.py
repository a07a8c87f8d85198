"""Servers of tools that speak MCP: those that are started here, and where the others may stand."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from greenroom.environment.kinds import Kind, Networks, parsed_object


class StdioServer(BaseModel):
    """A program that is started, and spoken with over its standard input and output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str = Field(min_length=1)
    args: list[str] = []
    env: dict[str, str] = {}
    only: list[str] = []
    fixed: dict[str, dict[str, Any]] = {}


ServerName = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
StdioServers = Annotated[
    dict[ServerName, StdioServer],
    BeforeValidator(parsed_object),
    Kind(
        "json",
        "a JSON object of servers by name, each with command, and if need be args, env, only (names of its "
        "tools) and fixed (arguments by tool)",
    ),
]


class ToolServers(BaseModel):
    """Servers of tools"""

    MCP_STDIO_SERVERS: StdioServers = Field(
        default={}, description="servers that speak MCP and are started here; see docs/tools.md"
    )
    MCP_ALLOWED_NETWORKS: Networks = Field(
        default=[],
        description="where servers of the admin may stand besides the public internet, also without TLS: "
        "such as 127.0.0.1",
    )
