"""Chinese as it is read aloud: numbers, dates, times, money and units in characters, by wetext or cn2an."""

import logging
import re
from collections.abc import Callable
from functools import cache

log = logging.getLogger(__name__)

# ruff: noqa: RUF001
DIGITS = "零一二三四五六七八九"
NEEDED = re.compile(r"[\d％%℃°㎡㎥²³$￥€£½⅓⅔¼¾]|[IVXL]|\.[a-z]")
ROOM = re.compile(r"(?<!\d)(\d{3,4})(?=房|室|号房|路公交|路车|次列车|航班)")
PHONE = re.compile(r"(?<!\d)(0\d{2,3})-(\d{7,8})(?!\d)")
BELOW_ZERO = re.compile(r"[-−](?=\d+(?:\.\d+)?\s?(?:℃|°C|摄氏度|度))")
SIGNS = (("㎡", "平方米"), ("㎥", "立方米"), ("℉", "华氏度"))


RANGE = re.compile(r"(?<=\d)\s?[–—~～]\s?(?=[￥¥$€£]?\d)")
PRICES = re.compile(r"[￥¥](\d+(?:\.\d+)?)\s?[-到]\s?[￥¥]?(\d+(?:\.\d+)?)")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
MOBILE = re.compile(r"(?<!\d)(?:\+?(86)[ -]?)?(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")
SERVICE = re.compile(r"(?<!\d)([48]00)[ -](\d{3,4})[ -](\d{3,4})(?!\d)")
AREA = re.compile(r"[（(](0\d{2,3})[)）]\s?(\d{7,8})(?!\d)")
CODES = re.compile(
    r"(邮编|身份证号?码?|验证码|密码|编号|工号|学号|QQ群?号?|微信号?|车牌号?)([是为：:]?\s?)(\d{3,20})(?!\d)"
)
DOOR = re.compile(r"(?<=单元|号楼)(\d{3,4})(?!\d)")
VERSION = re.compile(r"(?<![\d.A-Za-z])([vV]?)(\d{1,4}(?:\.\d{1,4}){2,4})(?![\d.])")
OF_SPACE = re.compile(r"(?<=\d)\s?(千米|公里|分米|厘米|毫米|米)([²³])")
MONEY = re.compile(r"[￥¥]\s?(\d+)\.(\d)(\d)(?!\d)")
DAY = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})(?=[日号])")
TWO = re.compile(r"(?<![\d.:第])0?2(?=点(?!\d\d*[度米元%万亿])|时(?!间))")
TWO_OCLOCK = re.compile(r"(?<![\d:.])0?2:([0-5]\d)(?![\d:])")
TIMES = re.compile(r"(?<=\d)\s?[×xX*]\s?(?=\d)")
DIVIDED = re.compile(r"(?<=\d)\s?÷\s?(?=\d)")
MILLE = re.compile(r"(\d+(?:\.\d+)?)\s?‰")
VOLTS = re.compile(r"(?<=\d)\s?(V|W|kWh|GHz|MHz)(?![A-Za-z])")
ELECTRIC = {"V": "伏", "W": "瓦", "kWh": "千瓦时", "GHz": "吉赫兹", "MHz": "兆赫兹"}
FRACTION = re.compile(r"(\d*)([½⅓⅔¼¾])")
FRACTIONS = {"½": "二分之一", "⅓": "三分之一", "⅔": "三分之二", "¼": "四分之一", "¾": "四分之三"}
RULERS = "路易|亨利|查理|查尔斯|乔治|爱德华|威廉|伊丽莎白|腓力|教皇|第|卷|大战"
ROMAN = re.compile(rf"(?:(?<={')|(?<='.join(RULERS.split('|'))}))([IVXL]+)(?![A-Za-z])")
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
ADDRESS = re.compile(
    r"(?:https?://)?[A-Za-z0-9][\w.+-]*@?[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|cn|io|dev|edu|gov)(?:/[\w./-]*)?(?![A-Za-z])"
)


def _roman(found: re.Match[str]) -> str:
    values = [ROMAN_VALUES[sign] for sign in found[1]]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return str(sum(-value if value < after else value for value, after in pairs))


def _small(number: int) -> str:
    """Up to 99: a day or a month, in which 2 is never 两."""
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")


def _address(found: re.Match[str]) -> str:
    address = found[0].removeprefix("https://").removeprefix("http://").rstrip("./")
    return address.replace("@", " 艾特 ").replace(".", " 点 ").replace("/", " 斜杠 ")


def _phone(found: re.Match[str]) -> str:
    return _digits("".join(part for part in found.groups() if part), "幺")


def _version(found: re.Match[str]) -> str:
    """Parts below a hundred as numbers: 2.10 comes after 2.9. An address of a network is said by the digit."""
    parts = [
        _digits(part) if len(part) > 2 or part[0] == "0" else _small(int(part))
        for part in found[2].split(".")
    ]
    return ("版本" if found[1] else "") + "点".join(parts)


def _money(found: re.Match[str]) -> str:
    yuan, jiao, fen = found[1], int(found[2]), int(found[3])
    tenths = f"{'两' if jiao == 2 else DIGITS[jiao]}角" if jiao else "零" if fen else ""
    return f"{yuan}元{tenths}" + (f"{DIGITS[fen]}分" if fen else "")


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str] | str]
# What is said otherwise than the normaliser says it.
BEFORE: tuple[Rule, ...] = (
    (ADDRESS, _address),
    (MOBILE, _phone),
    (SERVICE, _phone),
    (AREA, _phone),
    (CODES, lambda found: found[1] + found[2] + _digits(found[3], "幺")),
    (DOOR, lambda found: _digits(found[1])),
    (VERSION, _version),
    (OF_SPACE, lambda found: ("平方" if found[2] == "²" else "立方") + found[1]),
    (THOUSANDS, ""),
    (MONEY, _money),
    (RANGE, "到"),
    (PRICES, r"\1到\2元"),
    (DAY, lambda found: f"{_small(int(found[1]))}月{_small(int(found[2]))}"),
    (TWO_OCLOCK, lambda found: "两点" + ("" if found[1] == "00" else f"{'零' if found[1] < '10' else ''}{_small(int(found[1]))}分")),
    (TWO, "两"),
    (TIMES, "乘"),
    (DIVIDED, "除以"),
    (MILLE, r"千分之\1"),
    (VOLTS, lambda found: ELECTRIC[found[1]]),
    (FRACTION, lambda found: (f"{found[1]}又" if found[1] else "") + FRACTIONS[found[2]]),
    (ROMAN, _roman),
)  # fmt: skip


def _digits(text: str, one: str = "一") -> str:
    return "".join(one if digit == "1" else DIGITS[int(digit)] for digit in text)


def spoken_form(text: str) -> str:
    """Chinese as one says it. What has no digits or signs costs one look."""
    if not NEEDED.search(text):
        return text
    for pattern, words in BEFORE:
        text = pattern.sub(words, text)
    text = BELOW_ZERO.sub("零下", text)
    text = ROOM.sub(lambda found: _digits(found[1]), text)
    text = PHONE.sub(lambda found: _digits(found[1] + found[2], "幺"), text)
    for sign, words in SIGNS:
        text = text.replace(sign, words)
    try:
        return _normaliser()(text)
    except Exception as error:  # its grammars give up on some texts; their words are nobody's business
        log.warning("a text with numbers is spoken as it is written: %s", type(error).__name__)
        return text


@cache
def _normaliser() -> Callable[[str], str]:
    """wetext where it is installed (some machines have no wheel), else cn2an, which knows numbers alone."""
    try:
        from wetext import Normalizer

        normalizer = Normalizer(lang="zh", operator="tn")
        return lambda text: str(normalizer.normalize(text))
    except ImportError:
        pass
    try:
        import cn2an

        return lambda text: str(cn2an.transform(text, "an2cn"))
    except ImportError:
        return lambda text: text
