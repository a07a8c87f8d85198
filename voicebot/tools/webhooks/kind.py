"""The kind `webhook`: what is sent, and what of the session and which sealed headers go with it."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters.tools import ToolRefused, ToolSpec
from sessions_app.database import in_database
from sessions_app.exceptions import RecordUnreadable
from voicebot.models import SealedHeader
from voicebot.tools.kinds import Call, ToolFailed, built_in
from voicebot.tools.webhooks.asking import Asking, HookFailed

asking = Asking()


def _names(tool: ToolSpec) -> list[str]:
    return str(tool.options.get("headers", "")).split()


def headers_of(tool: ToolSpec) -> dict[str, str]:
    """The sealed headers that go with it, in the clear. Reads the database. Raises ToolFailed."""
    url, found = str(tool.options.get("url", "")), {}
    known = {header.name: header for header in SealedHeader.objects.filter(name__in=_names(tool))}
    for name in _names(tool):
        if name not in known or not known[name].goes_to(url):
            raise ToolFailed("A header of this tool is for another server.")
        try:
            found[known[name].header] = known[name].value()
        except RecordUnreadable as error:
            raise ToolFailed("A header of this tool cannot be opened.") from error
    return found


def completed(tool: ToolSpec) -> ToolSpec:
    """As it is. Raises ToolRefused for a sealed header that its server does not get."""
    url = str(tool.options.get("url", ""))
    known = {header.name: header for header in SealedHeader.objects.filter(name__in=_names(tool))}
    if strange := [name for name in _names(tool) if name not in known or not known[name].goes_to(url)]:
        raise ToolRefused(
            _("There are no such sealed headers for this server: %(names)s.") % {"names": ", ".join(strange)}
        )
    return tool


@built_in(
    "webhook",
    gettext_lazy("webhook"),
    "Asks a server.",
    None,
    options=["url", "metadata", "headers"],
    completed=completed,
)
async def webhook(call: Call) -> Any:
    """The option `url` is where; `metadata` and `headers` name what goes with it, one a line.

    That is of the session's metadata, and of the headers that operators have sealed.
    """
    session, options = call.state.session, call.tool.options
    wanted = str(options.get("metadata", "")).split()
    body = {
        "tool": call.tool.name,
        "arguments": call.arguments,
        "character": call.state.spec.slug,
        "session": str(session.id),
        "metadata": {name: session.metadata[name] for name in wanted if name in session.metadata},
    }
    key = settings.WEBHOOK_SIGNING_KEY
    headers = await in_database(headers_of, call.tool) if _names(call.tool) else {}
    try:
        return await asking.ask(
            str(options.get("url", "")), body, key=key, call_id=uuid4().hex, headers=headers
        )
    except HookFailed as error:
        raise ToolFailed(str(error)) from error
