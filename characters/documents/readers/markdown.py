"""Markdown, as CommonMark has it with GitHub's tables: rendered to HTML, and read as that."""

import re

from markdown_it import MarkdownIt

from characters.documents.blocks import Draft
from characters.documents.limits import Limits
from characters.documents.readers import html

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE | re.IGNORECASE)


def read(text: str, limits: Limits) -> Draft:
    text = text.replace("\r\n", "\n")
    front = _FRONT.match(text)
    title = _TITLE.search(front[1]) if front else None
    commonmark = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    commonmark.validateLink = lambda url: True  # type: ignore[method-assign]  # nobody follows it here
    draft = html.read(commonmark.render(text[front.end() :] if front else text), limits)
    return Draft(title[1] if title else draft.title, draft.blocks)
