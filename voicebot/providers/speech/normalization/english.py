"""English as it is read aloud: numbers, dates, times, money, units, abbreviations and addresses in words."""

import re
from collections.abc import Callable

from voicebot.providers.speech.normalization.numbers import (
    cardinal,
    decimal,
    digits,
    in_pairs,
    ordinal,
    plural,
    year,
)
from voicebot.providers.speech.normalization.signs import RULES as SIGNS

# Each way to read one differs at its first sign: no text is tried in many ways.
NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MONTH = "|".join([*MONTHS, *(f"{name[:3]}\\.?" for name in MONTHS if len(name) > 3), "Sept\\.?"])
# Spoken before the amount's unit: the unit for one, for more, and its hundredth part for one and more.
MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
SCALE = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "m": ("meter", "meters"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "hrs": ("hour", "hours"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "TB": ("terabyte", "terabytes"),
    "Mbps": ("megabit per second", "megabits per second"),
    "m/s": ("meter per second", "meters per second"),
    "mg/ml": ("milligram per milliliter", "milligrams per milliliter"),
    "h": ("hour", "hours"),
}
TITLES = {
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Prof": "Professor",
    "Capt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Col": "Colonel",
    "Gen": "General",
    "Rev": "Reverend",
    "Mt": "Mount",
    "St": "Saint",
}
STREETS = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Dr": "Drive", "Ln": "Lane"}
SHORT = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "approx.": "approximately",
    "Jr.": "Junior",
    "Sr.": "Senior",
    "Inc.": "Incorporated",
    "Ltd.": "Limited",
    "a.m.": "A M",
    "p.m.": "P M",
}
PARTS = {2: "half", 3: "third", 4: "quarter"}
ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
ROMAN_NUMERAL = r"(?!I\b(?![.,;:!?]|$))(?=[IVXLC])((?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\b"
BEFORE_ROMAN = "Rocky|Super Bowl|Mark|Appendix|Figure|Type|Article|Apollo|Chapter|Part|Book|Volume|Act|Scene|Section|World War|Phase|Level"
KINGS = "Henry|Louis|George|Edward|Charles|James|William|Richard|Elizabeth|Philip|Pope \\w+(?: \\w+)?|John|Alexander|Nicholas"
ROOMS = "[Rr]oom|[Ff]light|[Bb]us|[Ss]uite|[Aa]partment|[Aa]pt\\.|[Hh]ighway|[Rr]oute|[Cc]abin|[Gg]ate"
DOMAINS = "com|org|net|edu|gov|io|dev|app|co|uk|de|fr|cn|eu"
NEEDED = re.compile(
    r"[\d&@#+=%$£€¥°₹½⅓⅔¼¾²³√★/]|\bwww\.|\bvs\b|\b(?:Dr|St|Mt|Prof) [A-Z]|\b[A-Z][a-z]{1,4}\.|[a-z]\.(?=\w|\s[a-z\d])|\betc\.|\b[IVXLC]+\b"
)


def spoken_form(text: str) -> str:
    """English as one says it. What needs no change costs one look."""
    if not NEEDED.search(text):
        return text
    for pattern, words in (*SIGNS, *RULES):
        text = pattern.sub(words, text)
    return text


def _one_or_more(number: str, names: tuple[str, ...]) -> str:
    return f"{decimal(number)} {names[0] if number in ('1', '1.0') else names[1]}"


def _money(found: re.Match[str]) -> str:
    sign, amount, scale = found["sign"], found["amount"].replace(",", ""), found["scale"]
    one, more, part, parts = MONEY[sign]
    if scale:
        return f"{decimal(amount)} {SCALE.get(scale.lower(), scale)} {more}"
    whole, _, cents = amount.partition(".")
    if len(cents) != 2:
        return _one_or_more(amount, (one, more))
    said = [_one_or_more(whole, (one, more))] if int(whole or 0) or not int(cents) else []
    if int(cents):
        said.append(f"{cardinal(int(cents))} {part if int(cents) == 1 else parts}")
    return " and ".join(said)


def _time(found: re.Match[str]) -> str:
    hour, minute, half = int(found["hour"]), int(found["minute"]), found["half"]
    if hour > 24 or minute > 59:
        return found[0]
    said = cardinal(hour)
    if minute:
        said += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif not half:
        said += " o'clock" if hour < 13 else " hundred hours"
    return f"{said} {half[0].upper()} M" if half else said


def _date(month: int, day: int, years: str | None) -> str:
    said = f"{MONTHS[month - 1]} {ordinal(day)}"
    return f"{said}, {year(int(years))}" if years else said


def _numeric_date(found: re.Match[str]) -> str:
    month, day = int(found["month"]), int(found["day"])
    if month > 12:
        month, day = day, month
    return _date(month, day, found["year"]) if 1 <= month <= 12 and 1 <= day <= 31 else found[0]


def _named_date(found: re.Match[str]) -> str:
    day = int(found["day"])
    if not 1 <= day <= 31:
        return found[0]
    month = next(at for at, name in enumerate(MONTHS, 1) if name.startswith(found["month"][:3]))
    if found.re is DAY_FIRST:
        said = f"the {ordinal(day)} of {MONTHS[month - 1]}"
        return f"{said} {year(int(found['year']))}" if found["year"] else said
    return _date(month, day, found["year"])


def _fraction(found: re.Match[str]) -> str:
    above, below = int(found[1]), int(found[2])
    if not 0 < above < below <= 10:
        return f"{cardinal(above)} {cardinal(below)}"  # 24/7, 9/11
    part = PARTS.get(below) or ordinal(below)
    return f"{cardinal(above)} {part if above == 1 else 'halves' if part == 'half' else part + 's'}"


def _roman(found: re.Match[str]) -> str:
    values = [ROMAN[sign] for sign in found[2]]
    pairs = zip(values, [*values[1:], 0], strict=True)
    number = sum(-value if value < after else value for value, after in pairs)
    said = f"the {ordinal(number)}" if re.match(KINGS, found[1]) else cardinal(number)
    return f"{found[1]} {said}"


def _number(found: re.Match[str]) -> str:
    text = found["number"]
    sign = "minus " if found["minus"] else ""
    if re.fullmatch(r"0\d+|\d{13,}", text):
        return sign + digits(text)
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", text) and not sign:
        return year(int(text))
    return sign + decimal(text)


def _dotted(found: re.Match[str]) -> str:
    return found[0].replace("@", " at ").replace(".", " dot ").replace("_", " underscore ")


DAY_FIRST = re.compile(
    rf"\b(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<month>{MONTH})(?:,? (?P<year>\d{{4}}))?\b"
)
UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
TITLE = "|".join(TITLES)
WITHOUT_DOT = "Dr|Mr|Mrs|Ms|Prof|St|Mt"  # as one writes them in Britain
STREET = "|".join(STREETS)
Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str] | str]
RULES: tuple[Rule, ...] = (
    (re.compile(rf"\b[\w.+-]{{1,64}}@[\w-]+(?:\.[\w-]+)+|\b[A-Za-z][\w-]*(?:\.[\w-]+)*\.(?:{DOMAINS})\b(?!\.\w)"), _dotted),
    (re.compile(r"\b(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)\b"), _numeric_date),
    (re.compile(r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})\b"), _numeric_date),
    (re.compile(r"\b(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})\b"), _numeric_date),
    (re.compile(rf"\b(?P<month>{MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?\b(?!:)"), _named_date),
    (DAY_FIRST, _named_date),
    (re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d\d)(?:\s?(?P<half>[AaPp]\.?[Mm]\b))?(?![\d:])"), _time),
    (re.compile(r"\b(\d{1,2})\s?([AaPp])\.?[Mm]\b"), lambda found: f"{cardinal(int(found[1]))} {found[2].upper()} M"),
    (re.compile(r"(?<![\w-])(?:\(?\d{3}\)?[- ])?\d{3}-\d{4}(?![\w-])|(?<![\w-])\d+(?:-\d+){3,}(?![\w-])"), lambda found: ", ".join(map(digits, re.findall(r"\d+", found[0])))),
    (re.compile(rf"(?P<sign>[$£€¥₹])\s?(?P<amount>{NUMBER})(?:\s?(?P<scale>thousand|million|billion|trillion|bn|[kKmMbB])\b)?"), _money),
    (re.compile(rf"(?<![\w.])-(?=(?:{NUMBER})\s?(?:°|degrees))"), "minus "),
    (re.compile(rf"(?<![\d.,])({NUMBER})\s?°(?:\s?([CF])\b)?"), lambda found: _one_or_more(found[1], ("degree", "degrees")) + {"C": " Celsius", "F": " Fahrenheit"}.get(found[2] or "", "")),
    (re.compile(r"\b(\d)'(\d{1,2})\""), lambda found: f"{cardinal(int(found[1]))} foot {cardinal(int(found[2]))}"),
    (re.compile(rf"(?<![\d.,])({NUMBER})\s?%"), lambda found: f"{decimal(found[1])} percent"),
    (re.compile(rf"(?<![\w.,])({NUMBER})\s?({UNIT})\b(\.(?=\s[a-z]))?"), lambda found: _one_or_more(found[1], UNITS[found[2]])),
    (re.compile(r"(?<![\w./])(\d{1,2})/(\d{1,2})(?![\w/])"), _fraction),
    (re.compile(r"(?<![\w.-])(\d{1,4})\s?[-–]\s?(?=\d{1,4}(?![\w-]))"), lambda found: f"{found[1]} to "),  # noqa: RUF001
    (re.compile(r"\b(\d+)(?:st|nd|rd|th)\b"), lambda found: ordinal(int(found[1]))),
    (re.compile(r"\b((?:1[1-9]|20)\d0)s\b"), lambda found: plural(year(int(found[1])))),
    (re.compile(r"(?<!\w)'(\d0)s\b"), lambda found: plural(cardinal(int(found[1])))),
    (re.compile(r"\bNo\.\s?(?=\d)"), "Number "),
    (re.compile(r"(?<![\w&])#\s?(?=\d)"), "number "),
    (re.compile(rf"\b({BEFORE_ROMAN}|{KINGS}) {ROMAN_NUMERAL}"), _roman),
    (re.compile(rf"(?<=[a-z]) ({STREET})\.(?=\s+[a-z]|[,;!?]|\s*$)"), lambda found: f" {STREETS[found[1]]}" + ("." if not found.string[found.end() :].strip() else "")),
    (re.compile(rf"\b(?:({TITLE})\.|({WITHOUT_DOT})) (?=[A-Z])|\b(Mrs?|Ms)\. "), lambda found: f"{TITLES[found[1] or found[2] or found[3]]} "),
    (re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, SHORT)) + r")(?!\w)"), lambda found: SHORT[found[1]] + ("." if found.end() == len(found.string) else "")),
    (re.compile(rf"\b({ROOMS}) (\d{{3}})\b"), lambda found: f"{found[1]} {in_pairs(found[2])}"),
    (re.compile(r"\b(\d{3})([A-Z])\b"), lambda found: f"{in_pairs(found[1])} {found[2]}"),
    (re.compile(r"\s?&\s?(?=\w)"), " and "),
    (re.compile(r"(?<=[\w\s])\s?\+\s?(?=\d)"), " plus "),
    (re.compile(r"(?<=\w)\s?=\s?(?=[\w-])"), " equals "),
    (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), " "),
    (re.compile(rf"(?<![\w.,])(?P<minus>-)?(?P<number>{NUMBER})(?!\w)"), _number),
)  # fmt: skip
