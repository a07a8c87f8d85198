"""The kind `webhook`: what is sent, and what of the session goes with it."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext_lazy

from voicebot.tools.kinds import Call, ToolFailed, built_in
from voicebot.tools.webhooks.asking import Asking, HookFailed

asking = Asking()


@built_in(
    "webhook",
    gettext_lazy("webhook"),
    "Asks a server.",
    None,
    options=["url", "metadata"],
)
async def webhook(call: Call) -> Any:
    """The option `url` is where, `metadata` names what of the session's metadata goes with it, one a line."""
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
    try:
        return await asking.ask(str(options.get("url", "")), body, key=key, call_id=uuid4().hex)
    except HookFailed as error:
        raise ToolFailed(str(error)) from error
