"""Numbers in English words, American style: cardinals, ordinals, years, digits."""

SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
ONES = (*SMALL.split(" "), "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MOST = 10**15  # what is longer is read digit by digit


def cardinal(number: int) -> str:
    """123 as "one hundred twenty-three"; digit by digit from MOST on."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number >= MOST:
        return digits(str(number))
    for size, name in SCALES:
        if number >= size:
            rest = f" {cardinal(number % size)}" if number % size else ""
            return f"{cardinal(number // size)} {name}{rest}"
    if number < 20:
        return ONES[number]
    return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")


def ordinal(number: int) -> str:
    words = cardinal(number)
    at = max(words.rfind(" "), words.rfind("-")) + 1
    head, last = words[:at], words[at:]
    if last in ORDINALS:
        return head + ORDINALS[last]
    return head + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def digits(text: str) -> str:
    """Digit by digit, as of a telephone number: 0 is "oh"."""
    return " ".join("oh" if digit == "0" else ONES[int(digit)] for digit in text if digit.isdecimal())


def decimal(text: str) -> str:
    """3.14 as "three point one four"; commas may part thousands."""
    whole, _, part = text.replace(",", "").partition(".")
    said = cardinal(int(whole)) if whole else "zero"
    return f"{said} point {' '.join(ONES[int(digit)] for digit in part)}" if part else said


def year(number: int) -> str:
    """Four digits as those of a year: 1984, 2005, 1900."""
    high, low = divmod(number, 100)
    if number % 1000 < 10:  # two thousand five
        return cardinal(number)
    if not low:
        return f"{cardinal(high)} hundred"
    return f"{cardinal(high)} {'oh ' if low < 10 else ''}{cardinal(low)}"


def in_pairs(text: str) -> str:
    """Three digits as those of a door or a bus: 101 as "one oh one", 221 as "two twenty-one"."""
    if len(text) != 3 or text[0] == "0":
        return digits(text)
    if text[1:] == "00":
        return cardinal(int(text))
    return f"{ONES[int(text[0])]} {digits(text[1:]) if text[1] == '0' else cardinal(int(text[1:]))}"


def plural(words: str) -> str:
    """Of a number: the nineteen twenties."""
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")
