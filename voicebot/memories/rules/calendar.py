"""Calendar words: which day somebody means who says "tomorrow", "on Friday", "on 3 May" or 下周五."""

import re
from datetime import date, timedelta

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
SPANS = {"day": 1, "week": 7, "month": 30}
_DAY = "|".join(DAYS)
_MONTH = "|".join(MONTHS)
_SPAN = re.compile(rf"\bin ({'|'.join(NUMBERS)}|\d{{1,2}}) (day|week|month)s?\b", re.IGNORECASE)
_WEEKDAY = re.compile(rf"\b(next |this |on |coming )?({_DAY})\b", re.IGNORECASE)
_DATE = re.compile(
    rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH})\b"
    rf"|\b({_MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b",
    re.IGNORECASE,
)
_SAID = {"today": 0, "tonight": 0, "this evening": 0, "tomorrow": 1, "day after tomorrow": 2, "next week": 7}
_SAID_ZH = {"今天": 0, "今晚": 0, "明天": 1, "明晚": 1, "后天": 2, "下周": 7, "下星期": 7, "下个月": 30}
_WEEKDAY_ZH = re.compile("(下)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_DATE_ZH = re.compile(r"(\d{1,2})月(\d{1,2})[日号]")


def day_meant(text: str, today: date) -> date | None:
    """The day that a sentence of today speaks of, None where it names none."""
    return _english(text.lower(), today) or _chinese(text, today)


def _english(text: str, today: date) -> date | None:
    if found := _DATE.search(text):
        day, month = (found[1], found[2]) if found[1] else (found[4], found[3])
        return _next(today, MONTHS.index(month.lower()) + 1, int(day))
    if found := _SPAN.search(text):
        count = NUMBERS.get(found[1]) or int(found[1])
        return today + timedelta(days=count * SPANS[found[2]])
    if found := _WEEKDAY.search(text):
        ahead = (DAYS.index(found[2]) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    for words, days in sorted(_SAID.items(), key=lambda item: -len(item[0])):
        if re.search(rf"\b{words}\b", text):
            return today + timedelta(days=days)
    return None


def _chinese(text: str, today: date) -> date | None:
    if found := _DATE_ZH.search(text):
        return _next(today, int(found[1]), int(found[2]))
    if found := _WEEKDAY_ZH.search(text):
        weekday = min("一二三四五六日天".index(found[2]), 6)
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(days=weekday + (7 if found[1] else 0))
        return day if day > today else day + timedelta(days=7)
    for words, days in _SAID_ZH.items():
        if words in text:
            return today + timedelta(days=days)
    return None


def _next(today: date, month: int, day: int) -> date | None:
    """The next such day of a calendar; None where there is none."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def written(day: date, *, chinese: bool = False) -> str:
    """A day as a memory has it, whenever that is read."""
    if chinese:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"
