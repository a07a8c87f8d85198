"""Rules for English: what a sentence says of its speaker, as findings that are read about them."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from sessions_app.memories import Finding
from voicebot.memories.rules.calendar import day_meant, written
from voicebot.memories.rules.names import NO_NAMES

ANIMALS = (
    "dog|puppy|cat|kitten|horse|pony|rabbit|hamster|guinea pig|parrot|budgie|canary|bird|tortoise|turtle|"
    "snake|goldfish|fish|rat|mouse|ferret|goat|donkey|hen|chicken|lizard"
)
WORKS = (
    r"[\w-]*(?:er|or|ist|ian|man|woman)|nurse|student|chef|cook|pilot|clerk|architect|judge|monk|artist|coach|"
    "scientist|engineer|soldier|mechanic|retired"
)
NO_PLANS = re.compile(
    r"(?:know|ask|hear|tell|talk|say|see if|understand|listen|be honest|thank|speak|learn (?:about|more))\b",
    re.IGNORECASE,
)
_NAME = r"([A-Za-z][\w'-]*(?: [A-Z][\w'-]+)?)"
_CALLED = r"(?P<first>[^\W\d_][\w'-]{0,30})(?: (?P<last>[^\W\d_][\w'-]{0,30}))?"
_REST = r"([^.!?;\n]{2,120})"
_END = r"(?=[.,!?;]|$| and\b| but\b)"
NAME_ENDS = re.compile(
    r"[.,!?;]|$| (?:and|but|so|because|too|by the way|please|then|though|actually|nice)\b", re.IGNORECASE
)
CLAUSE = re.compile(r",|\b(?:and i|but|because|so|when|which|where|while)\b", re.IGNORECASE)
Make = Callable[[re.Match[str], date], Iterator[Finding]]


def about(words: str) -> str:
    """What somebody said of themselves, as one says it about them."""
    swaps = (
        (r"\bI'm\b", "they are"),
        (r"\bI am\b", "they are"),
        (r"\bmyself\b", "themselves"),
        (r"\bmy\b", "their"),
        (r"\bmine\b", "theirs"),
        (r"\bme\b", "them"),
        (r"\bI\b", "they"),
        (r"\byou\b", "the character"),
        (r"\byour\b", "the character's"),
    )
    for mine, theirs in swaps:
        words = re.sub(mine, theirs, words, flags=re.IGNORECASE if mine.islower() else 0)
    return _tidy(words)


def _tidy(words: str) -> str:
    words = re.sub(
        r"\s+(?:too|though|please|actually|you know)$", "", words.strip(" ,.:\"'"), flags=re.IGNORECASE
    )
    return " ".join(words.split())


def _until_break(words: str) -> str:
    """What belongs to a thing that is named: up to a comma, and to what begins another clause."""
    return _tidy(
        re.split(r",|\b(?:and i|but|because|so|when|which|where|while)\b", words, flags=re.IGNORECASE)[0]
    )


def _capitals(name: str) -> str:
    return " ".join(part[:1].upper() + part[1:] for part in name.split())


def _name(found: re.Match[str], today: date) -> Iterator[Finding]:
    """A name as far as it has capitals; one without them only where the clause ends with it."""
    first, last = found["first"], found["last"]
    if first.lower() in NO_NAMES:
        return
    written_so = not first[0].islower()
    if last and written_so and last[0].isupper():
        name = f"{first} {last}"
    elif written_so or NAME_ENDS.match(found.string, found.end("first")):
        name = first
    elif last and NAME_ENDS.match(found.string, found.end("last")):
        name = f"{first} {last}"
    else:  # “my name is robin i live in oslo”: it will do until the visitor leaves
        yield Finding(_capitals(first), "introduced", "introduced", 0.5, value=_capitals(first))
        return
    name, sure = _capitals(name), 0.95 if written_so else 0.8
    yield Finding(f"is called {name}", "name", "name", sure, value=name)


def _introduced(found: re.Match[str], today: date) -> Iterator[Finding]:
    name = found[1].strip()
    if name[0].isupper() and name.split()[0].lower() not in NO_NAMES:
        yield Finding(f"is called {name}", "name", "name", 0.7, value=name)


def _animal(found: re.Match[str], today: date) -> Iterator[Finding]:
    kind, name = found["kind"].lower(), found.groupdict().get("name")
    if name and name.split()[0].lower() not in NO_NAMES | {"is", "was", "and"}:
        name = _capitals(name)
        yield Finding(f"has a {kind} called {name}", "life", f"pet:{kind}", 0.95, value=name)
    elif not name:
        yield Finding(f"has a {kind}", "life", f"pet:{kind}", 0.8, value=kind)


def _said(kind: str, subject: str, begins: str, sure: float = 0.85) -> Make:
    """A finding that begins so, whose rest was said."""

    def make(found: re.Match[str], today: date) -> Iterator[Finding]:
        thing = _until_break(found[1])
        if thing and len(thing) > 1:
            yield Finding(
                f"{begins} {about(thing)}", kind, subject or f"{kind}:{thing.lower()}", sure, value=thing
            )

    return make


def _favourite(found: re.Match[str], today: date) -> Iterator[Finding]:
    what, thing = found[1].lower(), _until_break(found[2])
    yield Finding(f"likes {thing} best ({what})", "taste", f"favourite:{what}", 0.9, value=thing)


def _plan(begins: str, *, dated_only: bool = False) -> Make:
    def make(found: re.Match[str], today: date) -> Iterator[Finding]:
        thing = _until_break(found[1])
        day = day_meant(thing, today) or day_meant(found.string, today)
        if not thing or NO_PLANS.match(thing) or (dated_only and day is None):
            return
        when = f" ({written(day)})" if day else ""
        due = day.isoformat() if day else ""
        subject = "plan:" + " ".join(thing.lower().split()[:3])
        yield Finding(f"{begins} {about(thing)}{when}", "plan", subject, 0.8, due=due, value=about(thing))

    return make


def _note(found: re.Match[str], today: date) -> Iterator[Finding]:
    words = about(found[1])
    if len(words.split()) > 1:
        yield Finding(f"asked to be remembered: {words}", "note", "", 0.9, value=words)


RULES: tuple[tuple[re.Pattern[str], Make], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), make)
    for pattern, make in (
        (
            rf"\b(?:my name(?:'s| is)|i(?:'m| am) called|i go by|call me) {_CALLED}",
            _name,
        ),
        (
            rf"^(?:(?:hi|hello|hey|ahoy|good \w+)[,!. ]*(?:there[,!. ]*)?)?"
            rf"(?:i'm|i am|this is) {_NAME}{_END}",
            _introduced,
        ),
        (
            rf"\b(?:i have|i've got|i own|we have|we've got|i got) (?:a|an|this|one) (?:\w+ ){{0,2}}?"
            rf"(?P<kind>{ANIMALS})\b(?:,? (?:called|named|whose name is|and (?:his|her|its) name is|"
            rf"(?:he|she|it)(?:'s| is) called) (?P<name>[\w'-]+))?",
            _animal,
        ),
        (
            rf"\bmy (?:\w+ )?(?P<kind>{ANIMALS})"
            rf"(?:'s name is| is called| is named|'s called|,? whose name is) (?P<name>[\w'-]+)",
            _animal,
        ),
        (rf"\bi(?:'m| am)? (?:live|living|reside) in {_REST}", _said("life", "home", "lives in", 0.9)),
        (rf"\bi(?:'m| am| come) (?:originally )?from {_REST}", _said("life", "origin", "comes from", 0.9)),
        (rf"\bi work (?=(?:as|at|for|in) ){_REST}", _said("life", "work", "works")),
        (rf"\bi(?:'m| am) (an? (?:\w+ )?(?:{WORKS}))\b", _said("life", "work", "is", 0.7)),
        (r"\bi(?:'m| am) (\d{1,3} years old)\b", _said("life", "age", "is", 0.9)),
        (rf"\bmy birthday is (?:on )?{_REST}", _said("life", "birthday", "has their birthday on", 0.9)),
        (rf"\bmy favou?rite (\w+) is {_REST}", _favourite),
        (rf"\bi (?:really |just |do |also )?(?:like|love|adore|enjoy) {_REST}", _said("taste", "", "likes")),
        (
            rf"\bi (?:really )?(?:hate|dislike|can(?:'t|not) stand|do(?:n't| not) like) {_REST}",
            _said("taste", "", "does not like"),
        ),
        (rf"\bi(?:'m| am) (?:planning|hoping) to {_REST}", _plan("planned to")),
        (
            rf"\bi(?: would|'d)? (?:plan|hope|intend|want|like) to {_REST}",
            _plan("wanted to", dated_only=True),
        ),
        (rf"\bi(?:'m| am) going to {_REST}", _plan("planned to", dated_only=True)),
        (rf"\bi(?:'ll| will) {_REST}", _plan("planned to", dated_only=True)),
        (
            r"\bi(?:'ve got| have) ((?:an?|my) (?:\w+ ){0,2}(?:exam|test|interview|appointment|match|concert|"
            r"flight|wedding|party|audition|trip|race)\b[^.!?;\n]{0,80})",
            _plan("had"),
        ),
    )
)
REMEMBER = re.compile(
    rf"(?<!do you )(?<!you )(?<!\bi )\b(?:please )?(?:remember|do(?:n't| not) forget|keep in mind|note)"
    rf"(?: that| this)?[:,]? {_REST}",
    re.IGNORECASE,
)
FORGET = re.compile(
    r"(?<!n't )(?<!not )(?<!never )(?<!\bi )(?<!\bto )(?<!you )\bforget (?:about )?"
    r"(?:what i (?:said|told you) about |that i have |that )?([^.!?;\n]{2,80})",
    re.IGNORECASE,
)
EVERYTHING = re.compile(
    r"(?:everything|all|me|it all)(?: (?:you know )?about me| that you know.*| of it)?", re.IGNORECASE
)
_WHO = r"(?:me|who i am|what i (?:say|said|tell you|told you)|anything(?: about me)?|things about me)"
MAY_REMEMBER = re.compile(
    rf"(?<!if )\byou (?:may|can|could|are allowed to|have my permission to) remember {_WHO}"
    r"(?! (?:of|as|for|by|until)\b)|(?:^|[,.!] ?)(?:yes,? ?)?(?:please )?remember me"
    r"(?: (?:please|next time|for (?:the )?next time))?(?=[.,!]|$)",
    re.IGNORECASE,
)
REMEMBER_NOTHING = re.compile(
    rf"\b(?:do(?:n't| not)|never|stop|please don't|you (?:may|must|can|should) ?(?:not|n't)) "
    rf"(?:remember|remembering|keep|keeping notes on) {_WHO}(?=[.,!;]|$| any ?more\b| please\b)",
    re.IGNORECASE,
)
_SMALL = re.compile(r"\b(?:my|the|a|an|our|please|name of)\b|'s\b", re.IGNORECASE)
YES = re.compile(
    r"(?:yes|yeah|yep|yup|sure|of course|certainly|absolutely|please do|you may|go ahead|by all means|"
    r"i(?:'d| would) like that|okay|ok|fine|gladly|aye)\b",
    re.IGNORECASE,
)
NO = re.compile(
    r"(?:no|nope|nah|never|rather not|i(?:'d| would) rather (?:you did )?not|please do(?:n't| not)|"
    r"do(?:n't| not)|better not|not (?:now|really))\b",
    re.IGNORECASE,
)


def findings_in(text: str, today: date) -> Iterator[Finding]:
    """What a sentence says of its speaker."""
    some = False
    for sentence in filter(str.strip, re.split(r"(?<=[.!?;\n])\s+", text)):
        for pattern, make in RULES:
            for found in pattern.finditer(sentence):
                for finding in make(found, today):
                    some = True
                    yield finding
    if not some and (asked := REMEMBER.search(text)):
        yield from _note(asked, today)


def forgotten_in(text: str) -> str | None:
    """What is to be forgotten: words that name it, '' for everything; None where nothing is."""
    found = FORGET.search(text)
    if not found:
        return None
    named = _tidy(found[1])
    if EVERYTHING.fullmatch(named):
        return ""
    return " ".join(_SMALL.sub(" ", named).split()) or None
