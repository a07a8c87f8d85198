"""A function of the embedding page or of an SDK client, called by RTVI."""

from typing import Any
from uuid import uuid4

from django.utils.translation import gettext_lazy

from voicebot.tools.kinds import Call, built_in


@built_in("page", gettext_lazy("function of the page"), "Does something on the visitor's page.", None)
async def page(call: Call) -> Any:
    return await call.hands.ask_page(uuid4().hex, call.tool.name, call.arguments)
