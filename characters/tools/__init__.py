"""Tools of a character as its editor defines them: typed, bounded, with JSON Schema made from a form."""

from characters.tools.arguments import (
    JSON_TYPE,
    MOST_ARGUMENTS,
    SHAPE_CHARACTERS,
    TYPES,
    Argument,
    ArgumentsRefused,
    checked,
    is_name,
    json_schema,
)
from characters.tools.definitions import (
    AUDIENCES,
    MOST_TOOLS,
    SURE_PERCENT,
    USUAL_PERCENT,
    ToolRefused,
    ToolSpec,
    tools_of,
    valid_tools,
)

__all__ = [
    "AUDIENCES",
    "JSON_TYPE",
    "MOST_ARGUMENTS",
    "MOST_TOOLS",
    "SHAPE_CHARACTERS",
    "SURE_PERCENT",
    "TYPES",
    "USUAL_PERCENT",
    "Argument",
    "ArgumentsRefused",
    "ToolRefused",
    "ToolSpec",
    "checked",
    "is_name",
    "json_schema",
    "tools_of",
    "valid_tools",
]
