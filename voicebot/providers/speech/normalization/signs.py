"""Signs, addresses of the network, telephone numbers and ranges in English, as one says them.

Before the other rules of `english`, which then find plain numbers and units.
"""

import re
from collections.abc import Callable

from voicebot.providers.speech.normalization.numbers import cardinal, digits, in_pairs, ordinal

# ruff: noqa: RUF001
NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
FRACTIONS = {
    "½": "1/2",
    "⅓": "1/3",
    "⅔": "2/3",
    "¼": "1/4",
    "¾": "3/4",
    "⅕": "1/5",
    "⅛": "1/8",
    "⅜": "3/8",
    "⅝": "5/8",
    "⅞": "7/8",
}
CURRENCIES = {
    "USD": "US dollars",
    "EUR": "euros",
    "GBP": "pounds",
    "CHF": "Swiss francs",
    "JPY": "yen",
    "CNY": "yuan",
    "RMB": "yuan",
}
DAYS = {"Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Fri": "Friday"}
METERS = {"m": "meters", "km": "kilometers", "cm": "centimeters", "mm": "millimeters"}
AFTER_SLASH = "second|minute|hour|day|night|week|month|year|person|head"
PATH = r"/(?:[\w.?=&#~/-]*[\w/])?"  # what ends a sentence is no part of it
DOMAINS = "com|org|net|io|dev|edu|gov|uk|de|cn|eu|info"
IN_ADDRESSES = {
    "-": "dash",
    "_": "underscore",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "~": "tilde",
}
HALF = r"(?:\s?[AaPp]\.?[Mm]\b\.?)?"
CLOCK = rf"\d{{1,2}}(?::\d\d{HALF}|\s?[AaPp]\.?[Mm]\b\.?)"
MEASURED = r"\s?(?:%|°|degrees|km|cm|mm|kg|mg|ml|lbs?|mph|GB|MB|ft|oz)(?!\w)"


def _said(part: str) -> str:
    return "".join(f" {IN_ADDRESSES[sign]} " if sign in IN_ADDRESSES else sign for sign in part).strip()


def _address(found: re.Match[str]) -> str:
    """https://example.com/docs as "example.com slash docs": the rules behind say what the dots are."""
    path = "".join(f" slash {_said(part)}" for part in (found["path"] or "").split("/") if part)
    port = f" port {digits(found['port'])}" if found["port"] else ""
    return found["host"].replace("www.", "W W W.") + port + path


def _groups(found: re.Match[str]) -> str:
    plus = "plus " if found[0].startswith("+") else ""
    return plus + ", ".join(map(digits, re.findall(r"\d+", found[0])))


def _points(found: re.Match[str]) -> str:
    said = " point ".join(cardinal(int(part)) for part in found["parts"].split(".") if len(part) < 7)
    return ("version " if found["v"] else "") + said


def _short_date(found: re.Match[str]) -> str:
    """25.12.2023 (day first) and 4/7/99 (month first) as 2023-12-25 and 1999-04-07."""
    day, month = (found[1], found[3]) if found[2] == "." else (found[3], found[1])
    years = found[4] if len(found[4]) == 4 else ("19" if found[4] > "49" else "20") + found[4]
    dotted_number = found[2] == "." and len(found[4]) == 2
    if dotted_number or not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return found[0]
    return f"{years}-{int(month):02}-{int(day):02}"


def _with_seconds(found: re.Match[str]) -> str:
    hours, minutes, seconds = map(int, found.groups())
    return f"{cardinal(hours)} {'oh ' if minutes < 10 else ''}{cardinal(minutes)} and {cardinal(seconds)} seconds"


def _of_space(found: re.Match[str]) -> str:
    return f"{found[1]} {'square' if found[3] == '²' else 'cubic'} {METERS[found[2]]}"


def _mixed(found: re.Match[str]) -> str:
    """2½ and 2 1/2 as "2 and 1/2"."""
    return f"{found[1]} and {found[2]}"


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str] | str]
RULES: tuple[Rule, ...] = (
    (re.compile(rf"\bhttps?://(?P<host>[\w.-]+)(?::(?P<port>\d{{2,5}}))?(?P<path>(?:{PATH})?)"), _address),
    (re.compile(rf"\b(?P<host>(?:[\w-]+\.)+(?:{DOMAINS}))(?P<port>)(?P<path>{PATH})"), _address),
    (re.compile(r"(?<![\w.])www\.(?=\w)"), "W W W."),
    (re.compile(r"(?<![\w.+])\+\d{1,3}(?:[ -]\(?\d{2,4}\)?){2,4}(?!\w)"), _groups),
    (re.compile(r"(?<![\w.])0\d{2,4}(?: \d{3,4}){1,2}(?!\w)"), _groups),
    (re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{4}(?![\w.]\w?)"), _groups),
    (re.compile(r"\b([A-Z]{2}) (\d{5})(?:-(\d{4}))?\b"), lambda found: f"{found[1]} {', '.join(map(digits, filter(None, found.groups()[1:])))}"),
    (re.compile(r"(?<![\w./-])(\d{1,2})([./])(\d{1,2})\2((?:19|20)\d\d|\d\d(?!\.))(?![\w/]|\.\d)"), _short_date),
    (re.compile(r"(?<![\w.])(?P<v>[vV])?(?P<parts>\d{1,4}(?:\.\d{1,4}){2,4})(?!\w|\.\d)"), _points),
    (re.compile(r"(?<!\w)[vV](?=\d+(?:\.\d+)?(?![\w]))"), "version "),
    (re.compile("[" + "".join(FRACTIONS) + "]"), lambda found: (" " if found.string[: found.start()][-1:].isdigit() else "") + FRACTIONS[found[0]]),
    (re.compile(r"(?<![\w./])(\d{1,3}) (\d/\d{1,2})(?![\w/])"), _mixed),
    (re.compile(r"(?<![\w.,])\d{1,3}(?: \d{3})*(?: 000)+(?![\w.,]\d)"), lambda found: found[0].replace(" ", ",")),
    (re.compile(rf"([$£€¥])\s?({NUMBER})\s?[-–]\s?\1?(?=(?:{NUMBER}))"), r"\2 to \1"),
    (re.compile(rf"\b({CLOCK})\s?[-–]\s?(?={CLOCK})"), r"\1 to "),
    (re.compile(rf"(?<![\w.,])({NUMBER})\s?[-–]\s?(?=(?:{NUMBER}){MEASURED})"), r"\1 to "),
    (re.compile(r"\b(?:US|CA|AU|NZ)(?=\$\s?\d)"), ""),
    (re.compile(rf"(?<![\w.,])({NUMBER})\s?(" + "|".join(CURRENCIES) + r")\b"), lambda found: f"{found[1]} {CURRENCIES[found[2]]}"),
    (re.compile(rf"(?<![\w.,])({NUMBER})\s?¢"), r"\1 cents"),
    (re.compile(rf"(?<![\w.,$£€¥])({NUMBER})M\b"), r"\1 million"),
    (re.compile(r"(?<![\d:])(\d{1,2}):(\d\d):(\d\d)(?![\d:])"), _with_seconds),
    (re.compile(r"(?<![\d:])(\d{1,3}):(\d)(?![\d:])"), r"\1 to \2"),
    (re.compile(r"\b(\d{1,3}(?:,\d{3})+)(?:st|nd|rd|th)\b"), lambda found: ordinal(int(found[1].replace(",", "")))),
    (re.compile(r"\b(?:the )(\d0)s\b"), r"the '\1s"),
    (re.compile(rf"(?<=[\d²³])(\s?(?:cm|mm|km|m|in|ft))?\s?[x×]\s?(?=(?:{NUMBER}))"), r"\1 by "),
    (re.compile(rf"(?<![\w.,])({NUMBER})[x×](?!\w)"), r"\1 times"),
    (re.compile(r"\s?±\s?"), " plus or minus "),
    (re.compile(r"[≈~]\s?(?=\d)"), "about "),
    (re.compile(r"≤\s?(?=\d)"), "at most "),
    (re.compile(r"≥\s?(?=\d)"), "at least "),
    (re.compile(r"(?<=\d)\s?÷\s?(?=\d)"), " divided by "),
    (re.compile(r"√\s?(?=\d)"), "the square root of "),
    (re.compile(r"(?<![\w.])(\d+)\^(\d{1,2})(?!\w)"), lambda found: f"{found[1]} to the {ordinal(int(found[2]))}"),
    (re.compile(r"(?<![\w.,])(\d[\d,.]*)\s?(km|cm|mm|m)([²³])"), _of_space),
    (re.compile(r"(?<=\w)²"), " squared"),
    (re.compile(r"(?<=\w)³"), " cubed"),
    (re.compile(r"\bsq\.? (ft|m|km|mi)\b"), lambda found: "square " + {"ft": "feet", "m": "meters", "km": "kilometers", "mi": "miles"}[found[1]]),
    (re.compile(rf"(?<=[\w%])/(?=(?:{AFTER_SLASH})\b)"), " per "),
    (re.compile(r"\b(he|his|him)/(?=(?:she|hers?)\b)", re.IGNORECASE), r"\1 or "),
    (re.compile(r"\band/or\b"), "and or"),
    (re.compile(r"(?<!\w)w/o (?=\w)"), "without "),
    (re.compile(r"(?<!\w)w/ ?(?=\w)"), "with "),
    (re.compile(r"(?<=\w )vs(?= \w)"), "versus"),
    (re.compile(r"\bC\+\+"), "C plus plus"),
    (re.compile(r"\b([CF])#(?!\w)"), r"\1 sharp"),
    (re.compile(r"(?<!\w)@(?=\w)"), "at "),
    (re.compile(r"(?<!\w)#(?=[A-Za-z])"), "hashtag "),
    (re.compile(r"(?<=\d)\s?[★⭐]"), " stars"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri)(?:s|rs?)?\.(?=,| [A-Z\d])"), lambda found: DAYS[found[1]]),
    (re.compile(r"\bP\.\s?O\.(?= Box)"), "P O"),
    (re.compile(r"\bApt\.? (?=\d)"), "Apartment "),
    (re.compile(r"\bHwy\.? (\d{3})\b"), lambda found: f"Highway {in_pairs(found[1])}"),
)  # fmt: skip
