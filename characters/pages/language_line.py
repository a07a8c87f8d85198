"""Language line: which language a character speaks and understands, told before one calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from characters import provider_choice
from characters.models import LANGUAGES
from characters.provider_choice import Languages
from characters.spec import CharacterSpec

NAMES = dict(LANGUAGES)


@dataclass(frozen=True, slots=True)
class LanguageLine:
    """The sentence, in the page's language."""

    words: str
    foreign: bool  # the character does not hear, or does not speak, the language of the page

    def __str__(self) -> str:
        return self.words


def of(spec: CharacterSpec) -> LanguageLine:
    known = provider_choice.ask().languages(spec)
    own = (get_language() or "en").split("-")[0]
    whole = [one.language for one in known if one.language == one.voice == one.ears]
    sentences = [_speaks_and_understands(whole)] if whole else []
    sentences += [_words(one) for one in known if one.language not in whole]
    return LanguageLine(
        " ".join(sentences), foreign=not any(one.language == one.ears == own for one in known)
    )


def _speaks_and_understands(codes: Sequence[str]) -> str:
    """The languages of which nothing has to be explained, in one sentence."""
    names = [str(NAMES.get(code, code)) for code in codes]
    said = names.pop()
    if names:
        said = _("%(languages)s and %(last)s") % {"languages": _(", ").join(names), "last": said}
    return _("Speaks and understands %(language)s.") % {"language": said}


def _words(known: Languages) -> str:
    names = {
        "language": NAMES.get(known.language, known.language),
        "voice": NAMES.get(known.voice, known.voice),
        "ears": NAMES.get(known.ears, known.ears),
    }
    if known.language == known.voice:
        speaks = _("Speaks %(language)s.")
    else:
        speaks = _("Answers in %(language)s, with a voice made for %(voice)s.")
    if known.language == known.ears:
        hears = _("Understands %(language)s.")
    else:
        hears = _("Understands only %(ears)s when you speak; you can write in %(language)s.")
    return f"{speaks % names} {hears % names}"
