"""The words of the interface: `make messages` collects them from pages, Python and scripts into
the catalogues below, and compiles what is translated. It fails if any is missing, fuzzy, or has
other placeholders than its source. With `--check` it writes nothing, and fails as well if the files
are not those that it would write.

Babel reads the sources, so no GNU gettext is needed.
"""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from gettext import NullTranslations, translation
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as CatalogMessage
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
PACKAGES = [
    ROOT / name for name in ("config", "greenroom", "characters", "sessions_app", "staff", "voicebot")
]
APART = {"migrations", "client", "static"}  # no Python whose words anybody reads
PAGES = [ROOT / "templates"]
STAGE = [ROOT / "voicebot" / "client" / "src"]
DESK = [ROOT / "characters" / "static", ROOT / "staff" / "static"]
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "because": None,  # of reasons that are put into words later
    "worded": None,  # of the desk's scripts
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
LANGUAGES = ["zh_Hans"]
DATE = datetime(2026, 1, 1, tzinfo=UTC)  # of all catalogues, so that the same words are the same file
CALL = re.compile(r'\b(?:gettext|worded)\(\s*("(?:[^"\\]|\\.)*")')
UNREADABLE = re.compile(r"\b(?:gettext|worded)\(\s*`.*")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w+\}")


class Message(NamedTuple):
    """A message as gettext tells them apart; `id` is a pair where there is a plural."""

    context: str
    id: str | tuple[str, str]

    def __str__(self) -> str:
        return self.id if isinstance(self.id, str) else self.id[0]


def of_pages(folders: list[Path]) -> Iterator[Message]:
    """The messages of templates, which Django itself turns into code that Babel reads."""
    from django.utils.translation.template import templatize

    for folder in folders:
        for page in sorted(folder.rglob("*.html")):
            code = templatize(page.read_text(), origin=str(page))
            yield from messages_in("javascript", code)  # its indentation is no Python


def of_python(folders: list[Path]) -> Iterator[Message]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if not APART.intersection(path.relative_to(folder).parts):
                yield from messages_in("python", path.read_text())


def of_scripts(folders: list[Path]) -> Iterator[Message]:
    for folder in folders:
        for path in sorted([*folder.rglob("*.ts"), *folder.rglob("*.js")]):
            code = path.read_text()
            if found := UNREADABLE.search(code):
                raise SystemExit(f"{path.relative_to(ROOT)}: a plain string, please: {found.group()}")
            # What stands in the `${}` of a template literal Babel does not read.
            yield from (Message("", json.loads(quoted)) for quoted in CALL.findall(code))
            yield from messages_in("javascript", code)


def messages_in(method: str, code: str) -> Iterator[Message]:
    for _line, found, _comments, context in extract(method, io.BytesIO(code.encode()), KEYWORDS):
        one = found if isinstance(found, str) else (found[0], found[1])
        if one:
            yield Message(context or "", one)


def of_theme() -> set[Message]:
    """The words of the admin's theme, which has no Chinese, as far as Django has none for them."""
    import django
    import unfold

    folder = Path(unfold.__file__).parent
    theirs = {*of_pages([folder / "templates"])}
    for part in (folder, folder / "mixins", folder / "templatetags"):
        for path in part.glob("*.py"):
            theirs |= {*messages_in("python", path.read_text())}
    known = NullTranslations()
    for part in ("conf", "contrib/admin", "contrib/auth", "contrib/contenttypes", "contrib/sessions"):
        found = translation("django", Path(django.__file__).parent / part / "locale", LANGUAGES)
        found.add_fallback(known)
        known = found
    return {message for message in theirs if known.gettext(str(message)) == str(message)}


class Words(NamedTuple):
    """One catalogue: where it lies, its domain, and what belongs to it."""

    folder: Path
    domain: str
    messages: set[Message]


def wanted() -> list[Words]:
    import django

    django.setup()
    return [
        Words(ROOT / "greenroom" / "locale", "django", {*of_pages(PAGES), *of_python(PACKAGES), *of_theme()}),
        # Carried by the page that visitors talk on: nothing else belongs there.
        Words(ROOT / "greenroom" / "locale", "djangojs", {*of_scripts(STAGE)}),
        # Of the admin's scripts; they get it from `admin:jsi18n`.
        Words(ROOT / "characters" / "locale", "djangojs", {*of_scripts(DESK)}),
    ]


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _fresh(language: str, known: Catalog, messages: set[Message]) -> Catalog:
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
    for message in sorted(messages, key=lambda m: (str(m), m.context)):
        old = known.get(message.id, message.context or None)
        flags = {"python-format"} if "%(" in str(message) else set()
        if old and old.fuzzy:
            flags.add("fuzzy")
        fresh.add(message.id, old.string if old else "", flags=flags, context=message.context or None)
    return fresh


def _fault(message: CatalogMessage) -> str:
    """What is wrong with a translation, '' if nothing is."""
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    said = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if not said or not all(said):
        return "not translated"
    if message.fuzzy:
        return "fuzzy"
    asked = {place for source in sources for place in PLACEHOLDER.findall(source)}
    if any(set(PLACEHOLDER.findall(text)) - asked for text in said):
        return "has placeholders that its source has not"
    if isinstance(message.id, str) and asked - set(PLACEHOLDER.findall(said[0])):
        return "has not all placeholders of its source"
    return ""


def collect(language: str, words: Words, check: bool) -> list[str]:
    """Brings one catalogue up to date; returns what is wrong with it."""
    path = words.folder / language / "LC_MESSAGES" / f"{words.domain}.po"
    name = path.relative_to(ROOT)
    known = _read(path, language)
    fresh = _fresh(language, known, words.messages)
    wrong = [f"{name}: {fault}: {m.id}" for m in fresh if m.id and (fault := _fault(m))]
    compiled, written = io.BytesIO(), io.BytesIO()
    write_mo(compiled, fresh)
    write_po(written, fresh, width=100, omit_header=False, sort_output=True)
    files = {path: written.getvalue(), path.with_suffix(".mo"): compiled.getvalue()}
    for file, content in files.items():
        if check and (not file.exists() or file.read_bytes() != content):
            wrong.append(f"{file.relative_to(ROOT)} is stale: run `make messages`")
        elif not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return wrong


def problems(check: bool = True) -> list[str]:
    return [line for words in wanted() for language in LANGUAGES for line in collect(language, words, check)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    wrong = problems(parser.parse_args().check)
    print("\n".join(wrong) or "Every word of the interface is translated.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
