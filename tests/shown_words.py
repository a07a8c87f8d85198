"""What somebody reads or hears of a page: its text, and the attributes that are words. What is English."""

import re
from html.parser import HTMLParser

WORDS = {"placeholder", "title", "aria-label", "alt", "label", "aria-description", "aria-roledescription"}
UNREAD = {"script", "style", "code", "textarea", "template", "pre", "svg"}
VOID = {"input", "img", "br", "hr", "meta", "link", "col", "area", "base", "source", "track", "wbr", "embed"}
LATIN = re.compile(r"[A-Za-z]{2,}")
# What is the same in every language.
NAMES = re.compile(
    r"""
    OpenAI\ Realtime\ API | Gemini\ Live\ API | \bsessions:\w+  # a product, and what keys are for
    | https?://\S+ | \bdocs/\S+\.md | \{\{\w+(::\w+)?\}\} | %\(\w+\)s | \{\w*\}  # addresses, macros
    | \b[\w-]+(\.[\w-]+)+\b | \b[A-Z]+(_[A-Z]+)+\b | \b\w+=\w+  # dotted paths, variables and their values
    | \b(Greenroom | SillyTavern | NovelAI | Agnai | RisuAI | Backyard | Pipecat | Open-LLM-VTuber | OpenAI)\b
    | \b(world\ info | depth\ prompt | text-generation-webui | lorebook_v3 | settings | Settings | English)\b
    | \b(openai_realtime | gemini_live)\b
    | \b(openai | scripted | local | found | repertoire | Piper | SmolLM\d? | Whisper | pyopenjtalk)\b
    | \b(HTML | PDF | EPUB | DOCX | Markdown)\b
    | \b(JSON | YAML | PNG | APNG | JPEG | WebP | CHARX | WAV | API | QR | PIN | HTTPS? | TLS | MCP)\b
    | \b(WebRTC | STUN | TURN)\b
    | \b(Authorization | Bearer)\b
    | \b(Cookie | MB | KB | ms | esc | en | zh-hans | development)\b | \bgr_[\w-]+ | \b(anon|user):\w+
    | [0-9a-f]{8}(-[0-9a-f]{4,12}){4}
    | \b(V[123] | UTC | Ctrl | Esc | Enter | GB | IANA | ID | UUID)\b
    | \{"(default_headers|search)":.*\}\}
    # the words of a lorebook's line of rules
    | “logic:[^”]*” | \b(exclude | prevent | delay\ until)\ recursion\b
    | \bgroup(\ (weight | override | scoring))?\b | \b(cooldown | delay | scan\ depth)\b
    | \b[abefhijpz][fm]_[a-z]+\b | \bzh:  # voices, and the language of a line
    | Siobhan\ =\ shi-VAWN | Nguyen\ =\ /nwin/
    | “ship” | “shipment” | @@\w*
    """,
    re.VERBOSE,
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        icon = "material-symbols" in given.get("class", "")
        spoken = given.get("lang", "").startswith("en")
        unread = bool(self._open and self._open[-1][1]) or tag in UNREAD or icon or spoken
        if not unread or tag == "textarea":
            self.found += [given[name] for name in WORDS & given.keys()]
            if tag == "input" and given.get("type") in ("submit", "button", "reset"):
                self.found.append(given.get("value", ""))
            # Sentences that scripts show: no addresses, no data.
            self.found += [
                value
                for name, value in given.items()
                if name.startswith("data-") and " " in value and not re.search(r"[\[\]<>;]|[{][^}]*\W", value)
            ]
        if tag not in VOID:
            self._open.append((tag, unread))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self.found.append(data)


def words_of(page: str) -> list[str]:
    """Every text that a page shows or says, in its order."""
    reader = _Reader()
    reader.feed(page)
    return [" ".join(text.split()) for text in reader.found if text.strip()]


def english_in(texts: list[str]) -> list[str]:
    """The texts that hold words of English, once each."""
    return list(dict.fromkeys(text for text in texts if LATIN.search(NAMES.sub("", text))))
