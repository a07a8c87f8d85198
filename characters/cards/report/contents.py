"""Contents of a card, told to who imports it: what was understood, and what is kept and has no effect."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from characters.cards import mapping
from characters.models import LANGUAGES
from characters.report import Report
from characters.text import cleaned

NAMED = 8
# Under `extensions`, what we read ourselves, and what SillyTavern writes into every card.
QUIET = frozenset({mapping.OURS, mapping.NOTE, "talkativeness", "fav", "world"})
# In a card's data, what needs no word: it is told otherwise, or only says where the card is from.
SILENT = frozenset(
    {
        *mapping.DATA,
        *("extensions", "character_book", "assets", "group_only_greetings", "creator_notes_multilingual"),
        *("source", "creation_date", "modification_date", "avatar", "chat", "create_date", "metadata"),
        *(
            "add_date",
            "edit_date",
            "user_name",
            "last_chat",
            "date_added",
            "json_data",
            "spec",
            "spec_version",
        ),
        *("talkativeness", "fav", "shallow", "data_size", "chat_size", "date_last_chat"),
    }
)


def describe(report: Report, fields: Mapping[str, Any], data: Mapping[str, Any], *, kind: str) -> None:
    """Adds what a card holds to the report. `kind` is what it came as."""
    report.understand(_("%(kind)s: %(parts)s.") % {"kind": kind, "parts": ", ".join(_parts(fields))})
    _extensions(report, data.get("extensions"), fields)
    unknown = [str(name)[:40] for name, value in data.items() if name not in SILENT and value not in EMPTY]
    if unknown:
        report.keep(_("Fields that are not known here: %(names)s.") % {"names": _listed(unknown)})
    greetings = data.get("group_only_greetings")
    if isinstance(greetings, list) and greetings:
        report.keep(_("Greetings for groups: there are no groups here."))
    _assets(report, data.get("assets"))


EMPTY: tuple[Any, ...] = (None, "", [], {}, 0, False)


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    listed = cleaned(", ".join(names[:NAMED]))  # a terminal refuses half a surrogate pair
    return _("%(names)s and %(count)d more") % {"names": listed, "count": more} if more > 0 else listed


def _parts(fields: Mapping[str, Any]) -> list[str]:
    named = {
        "system_prompt": _("instructions"),
        "description": _("description"),
        "personality": _("personality"),
        "scenario": _("scenario"),
        "greeting": _("greeting"),
        "examples": _("examples"),
        "post_history": _("last word"),
        "depth_prompt": _("note in the conversation"),
        "about": _("notes for people"),
    }
    parts = [str(word) for name, word in named.items() if str(fields.get(name) or "").strip()]
    if count := len(fields.get("alternate_greetings") or ()):
        parts.append(
            ngettext("%(count)d other greeting", "%(count)d other greetings", count) % {"count": count}
        )
    if count := len(fields.get("lore") or ()):
        parts.append(
            ngettext("%(count)d entry of lore", "%(count)d entries of lore", count) % {"count": count}
        )
    return parts or [_("a name and nothing else")]


def tell_language(report: Report, code: str, *, said: bool) -> None:
    """Which language the character speaks now: `said` by the card, or guessed."""
    name = dict(LANGUAGES).get(code, code)
    if said:
        report.understand(_("Language: %(name)s, as the card says.") % {"name": name})
    elif code:
        report.understand(_("Language: %(name)s, guessed from its text.") % {"name": name})
    else:
        report.understand(
            _("Language: it could not be told from the text; %(name)s was taken.")
            % {"name": dict(LANGUAGES)["en"]}
        )


def _extensions(report: Report, extensions: Any, fields: Mapping[str, Any]) -> None:
    given = mapping.object_of(extensions)
    others = [str(name)[:40] for name, value in given.items() if name not in QUIET and value not in EMPTY]
    if others:
        report.keep(_("What other applications keep in the card: %(names)s.") % {"names": _listed(others)})
    world = given.get("world")
    if isinstance(world, str) and world and not fields.get("lore"):
        report.keep(
            _("It names the world info “%(name)s”, which is not in the file: bring it by “Lorebook file…”.")
            % {"name": world[:60]}
        )


def _kind_of(asset: Mapping[str, Any]) -> str:
    kind = asset.get("type")
    return kind[:30] if isinstance(kind, str) and kind.strip() else _("other")


def _assets(report: Report, assets: Any) -> None:
    given = assets if isinstance(assets, list) else []
    listed = [asset for asset in given if isinstance(asset, dict)]
    if assets and len(listed) < max(len(given), 1):
        report.leave_out(_("Its list of files is not as a card has it: what could be read of it was taken."))
    others = [asset for asset in listed if asset.get("type") != "icon"]
    icons = len(listed) - len(others)
    if icons > 1:
        report.keep(
            ngettext(
                "%(count)d more portrait: one is shown, all are exported again.",
                "%(count)d more portraits: one is shown, all are exported again.",
                icons - 1,
            )
            % {"count": icons - 1}
        )
    if others:
        report.keep(
            ngettext(
                "%(count)d file besides the portrait (%(kinds)s): it is exported again.",
                "%(count)d files besides the portrait (%(kinds)s): they are exported again.",
                len(others),
            )
            % {
                "count": len(others),
                "kinds": _listed(sorted({_kind_of(asset) for asset in others})),
            }
        )
