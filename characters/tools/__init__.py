"""Tools of a character as its editor defines them: typed, bounded, with JSON Schema made from a form."""

from characters.tools.arguments import TYPES, Argument, ArgumentsRefused, checked, json_schema
from characters.tools.definitions import AUDIENCES, MOST_TOOLS, ToolRefused, ToolSpec, tools_of, valid_tools

__all__ = [
    "AUDIENCES",
    "MOST_TOOLS",
    "TYPES",
    "Argument",
    "ArgumentsRefused",
    "ToolRefused",
    "ToolSpec",
    "checked",
    "json_schema",
    "tools_of",
    "valid_tools",
]
