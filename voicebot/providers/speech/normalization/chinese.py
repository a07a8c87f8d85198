"""Chinese as it is read aloud: numbers, dates, times, money and units in characters, by wetext or cn2an."""

import logging
import re
from collections.abc import Callable
from functools import cache

log = logging.getLogger(__name__)

# ruff: noqa: RUF001
DIGITS = "零一二三四五六七八九"
NEEDED = re.compile(r"[\d％%℃°㎡㎥$￥€£]")
ROOM = re.compile(r"(?<!\d)(\d{3,4})(?=房|室|号房|路公交|路车|次列车|航班)")
PHONE = re.compile(r"(?<!\d)(0\d{2,3})-(\d{7,8})(?!\d)")
BELOW_ZERO = re.compile(r"[-−](?=\d+(?:\.\d+)?\s?(?:℃|°C|摄氏度|度))")
SIGNS = (("㎡", "平方米"), ("㎥", "立方米"), ("℉", "华氏度"))


def _digits(text: str, one: str = "一") -> str:
    return "".join(one if digit == "1" else DIGITS[int(digit)] for digit in text)


def spoken_form(text: str) -> str:
    """Chinese as one says it. What has no digits or signs costs one look."""
    if not NEEDED.search(text):
        return text
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
