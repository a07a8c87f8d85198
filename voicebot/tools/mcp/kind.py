"""The kind `mcp`: a tool of a server, as a writer picks and bounds it, and as it is called."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters.tools import MOST_ARGUMENTS, ToolRefused, ToolSpec, is_name
from sessions_app.database import in_database
from voicebot.tools.kinds import Call, ToolFailed, built_in
from voicebot.tools.mcp import listing, schemas, servers
from voicebot.tools.mcp.errors import ServerAway, ServerRefused

TOOL, FIXED = "server_tool", "fixed_arguments"  # options
DESCRIPTION_CHARACTERS = 500


def _named(tool: ToolSpec) -> tuple[str, str]:
    """The names of its server, and of the tool there."""
    server, _slash, name = str(tool.options.get(TOOL, "")).partition("/")
    return server, name


def choices() -> Mapping[str, Sequence[tuple[str, str]]]:
    return {TOOL: listing.all_tools()}


def completed(tool: ToolSpec) -> ToolSpec:
    """With the arguments that the server's tool has, but those that are fixed. Raises ToolRefused."""
    server_name, name = _named(tool)
    if not name:
        raise ToolRefused(_("Choose a tool of a server."))
    try:
        server = servers.find(server_name)
        listed = listing.listing(server).get(name)
    except ToolFailed as error:
        raise ToolRefused(_("The server of this tool does not answer, or is not in use.")) from error
    if listed is None:
        raise ToolRefused(_("Its server has no tool %(name)s for us.") % {"name": name})
    house = server.fixed.get(name, {})
    every = {each.name: each for each in schemas.arguments_of(listed["schema"], without=frozenset(house))}
    fixed = {}
    for argument, value in schemas.fixed_by_writer(str(tool.options.get(FIXED, ""))).items():
        if argument not in every:
            raise ToolRefused(_("The server's tool has no argument %(name)s to fix.") % {"name": argument})
        fixed[argument] = schemas.in_type(every[argument], value)
    description = tool.description or " ".join(listed["description"].split())[:DESCRIPTION_CHARACTERS]
    options = {**tool.options, FIXED: schemas.as_lines(fixed)}
    left = [argument for argument in every.values() if argument.name not in fixed]
    needed = [argument for argument in left if argument.required]
    rest = [argument for argument in left if not argument.required and is_name(argument.name)]
    return replace(
        tool,
        description=description,
        arguments=tuple(needed + rest[: max(0, MOST_ARGUMENTS - len(needed))]),
        options={option: value for option, value in options.items() if value},
    )


def offered() -> bool:
    return bool(servers.names())


@built_in(
    "mcp",
    gettext_lazy("tool of a server (MCP)"),
    "Asks a server.",
    None,
    options=[TOOL, FIXED],
    choices=choices,
    completed=completed,
    offered=offered,
)
async def mcp(call: Call) -> Any:
    """What the house has fixed goes before what the writer has, and that before what the model says."""
    server_name, name = _named(call.tool)
    server = await in_database(servers.find, server_name)
    if not server.allows(name):
        raise ToolFailed("This tool of the server is not for you.")
    fixed = schemas.fixed_by_writer(str(call.tool.options.get(FIXED, "")))
    arguments = {**call.arguments, **fixed, **server.fixed.get(name, {})}
    try:
        return await call.state.context.tool_servers.call(server, name, arguments)
    except ServerAway as error:
        raise ToolFailed("The server of this tool is away.") from error
    except ServerRefused as error:
        raise ToolFailed(str(error), error.words) from error
