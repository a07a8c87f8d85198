"""Show a card, a picture or a link on the stage: what the writer chose, with words of the model's."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters.tools import Argument
from voicebot.tools.builtin.everyday import in_language
from voicebot.tools.kinds import Answer, Call, ToolFailed, built_in

TITLE_CHARACTERS, TEXT_CHARACTERS = 120, 600


def is_link(address: str) -> bool:
    """Whether this is an https address, which a page may open at a click."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def is_own_media(address: str) -> bool:
    """Whether a picture is one of the house's own: no page is made to fetch anything from elsewhere."""
    return address.startswith(settings.MEDIA_URL) and ".." not in address and "\\" not in address


@built_in(
    "show",
    gettext_lazy("show a card, picture or link"),
    "Shows a card on the visitor's screen.",
    [
        Argument("title", "string", "A few words.", required=False),
        Argument("text", "string", "One or two sentences.", required=False),
    ],
    options=["title", "text", "link", "picture"],
)
async def show(call: Call) -> Answer:
    """What the writer gave in the options holds; link and picture come from nobody else."""
    options = {name: str(value).strip() for name, value in call.tool.options.items()}
    link, picture = options.get("link", ""), options.get("picture", "")
    if link and not is_link(link):
        raise ToolFailed("Its link is no https address. Nothing was shown.")
    if picture and not is_own_media(picture):
        raise ToolFailed("Its picture is none of the house's. Nothing was shown.")
    title = options.get("title") or call.arguments.get("title", "")
    text = options.get("text") or call.arguments.get("text", "")
    card = {
        "title": title[:TITLE_CHARACTERS],
        "text": text[:TEXT_CHARACTERS],
        "link": link,
        "picture": picture,
    }
    if not any(card.values()):
        raise ToolFailed("There is nothing on the card. Give a title or a text.")
    await call.hands.show({"type": "card", **{name: value for name, value in card.items() if value}})
    with in_language(call.language):
        return Answer({"shown": True}, _("Have a look at your screen."))
