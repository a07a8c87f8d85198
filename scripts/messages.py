"""The words of the interface: `make messages` collects them from pages, Python and TypeScript into
locale/*/LC_MESSAGES, and compiles what is translated. `--check` writes nothing and fails if any is missing.

Babel reads the sources, so no GNU gettext is needed.
"""

import argparse
import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
PAGES = [ROOT / "templates", ROOT / "voicebot" / "templates"]
# What visitors see, and what staff sign in with; the rest of the admin's words are the editors', in English.
PYTHON = [
    ROOT / "staff" / "pages" / "account_pages.py",
    ROOT / "staff" / "login" / "confirmation.py",
    ROOT / "staff" / "pages" / "forms.py",
    ROOT / "staff" / "pages" / "second_factor_pages.py",
    ROOT / "staff" / "site.py",
    ROOT / "sessions_app" / "exceptions.py",
    ROOT / "voicebot" / "connection" / "rate_limits.py",
    ROOT / "voicebot" / "ops" / "token_bucket.py",
    ROOT / "voicebot" / "http" / "error_pages.py",
    ROOT / "voicebot" / "http" / "web_app.py",
    ROOT / "characters" / "pages" / "gallery.py",
    ROOT / "characters" / "pages" / "language_line.py",
    ROOT / "characters" / "models" / "character.py",
    # What an import says of a file, and the rehearsal of a draft.
    ROOT / "characters" / "report.py",
    ROOT / "characters" / "cards" / "reading.py",
    ROOT / "characters" / "cards" / "report" / "contents.py",
    ROOT / "characters" / "cards" / "others" / "no_character.py",
    ROOT / "characters" / "cards" / "exporting" / "files.py",
    ROOT / "characters" / "admin" / "cards.py",
    ROOT / "characters" / "admin" / "forms.py",
    ROOT / "characters" / "models" / "address.py",
    ROOT / "characters" / "models" / "lore.py",
    ROOT / "characters" / "versions" / "differences.py",
    *sorted((ROOT / "characters" / "admin" / "lore").glob("*.py")),
]
SCRIPTS = ROOT / "voicebot" / "client" / "src"
KEYWORDS = {"gettext": None, "gettext_lazy": None, "_": None, "pgettext": ((1, "c"), 2), "ngettext": (1, 2)}
LANGUAGES = ["zh_Hans"]
DATE = datetime(2026, 1, 1, tzinfo=UTC)  # of all catalogues, so that the same words are the same file


def of_pages() -> Iterator[str]:
    """The messages of templates, which Django itself turns into code that Babel reads."""
    from django.utils.translation.template import templatize

    for folder in PAGES:
        for page in sorted(folder.rglob("*.html")):
            parts = page.relative_to(folder).parts
            if "admin" not in parts or "lore" in parts:
                code = templatize(page.read_text(), origin=str(page))
                yield from _extract("javascript", code)  # its indentation is no Python


def of_python() -> Iterator[str]:
    for path in PYTHON:
        yield from _extract("python", path.read_text())


def of_scripts() -> Iterator[str]:
    for path in sorted(SCRIPTS.glob("*.ts")):
        yield from _extract("javascript", path.read_text())


def _extract(method: str, code: str) -> Iterator[str]:
    for _line, message, _comments, _context in extract(method, io.BytesIO(code.encode()), KEYWORDS):
        if isinstance(message, str) and message:
            yield message


def wanted() -> dict[str, set[str]]:
    """The messages of each of Django's domains."""
    import django

    django.setup()
    return {"django": {*of_pages(), *of_python()}, "djangojs": set(of_scripts())}


def collect(language: str, domain: str, messages: set[str], check: bool) -> list[str]:
    """Brings one catalogue up to date; returns what is wrong with it."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
    known = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
    fresh = Catalog(
        locale=language,
        header_comment="# The interface of Greenroom. Written by `make messages`.",
        project="Greenroom",
        creation_date=DATE,
        revision_date=DATE,
        last_translator="Greenroom",
        language_team=language,
        msgid_bugs_address="",
        fuzzy=False,
    )
    for message in sorted(messages):
        old = known.get(message)
        flags = ["python-format"] if "%(" in message else []
        fresh.add(message, old.string if old else "", flags=flags)
    wrong = [f"{domain}: not translated into {language}: {m.id}" for m in fresh if m.id and not m.string]
    wrong += [f"{domain}: no longer used: {m.id}" for m in known if m.id and m.id not in messages]
    compiled = io.BytesIO()
    write_mo(compiled, fresh)
    mo = path.with_suffix(".mo")
    if check:
        if not mo.exists() or mo.read_bytes() != compiled.getvalue():
            wrong.append(f"{mo.relative_to(ROOT)} is stale: run `make messages`")
        return wrong
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=100, omit_header=False, sort_output=True)
    mo.write_bytes(compiled.getvalue())
    return [line for line in wrong if "no longer" not in line]


def problems(check: bool = True) -> list[str]:
    found = []
    for domain, messages in wanted().items():
        for language in LANGUAGES:
            found += collect(language, domain, messages, check)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    wrong = problems(parser.parse_args().check)
    print("\n".join(wrong) or "Every word of the interface is translated.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
