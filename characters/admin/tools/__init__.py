"""Tools at the desk: a page for each character's, a form for one, and a trial that runs it."""

from characters.admin.tools.pages import ToolPages

__all__ = ["ToolPages"]
