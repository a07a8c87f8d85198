"""Rules for Chinese: what a sentence says of its speaker, as findings that are read about them."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from sessions_app.memories import Finding
from voicebot.memories.rules.calendar import day_meant, written

# ruff: noqa: RUF001
ANIMALS = "小狗|狗|小猫|猫|兔子|马|仓鼠|鹦鹉|鸟|乌龟|金鱼|鱼|羊"
_REST = r"([^，。！？；,.!?;\s]{1,60})"
_NAME = r"([\u3400-\u9fff·]{1,8}|[A-Za-z][\w-]{1,20})(?=[，。！？,.!?\s的吧啊呀]|$)"
_PARTICLES = re.compile("(?:了|啊|呀|吧|呢|哦|的)+$")
NO_NAMES = frozenset(("什么", "谁", "你", "他", "她", "它", "这个", "那个", "不", "一下"))
NO_PLANS = ("问", "知道", "听", "说", "了解", "请教", "告诉", "聊")
Make = Callable[[re.Match[str], date], Iterator[Finding]]


def about(words: str) -> str:
    return _PARTICLES.sub("", words.strip()).replace("我", "自己")


def _name(found: re.Match[str], today: date) -> Iterator[Finding]:
    name = re.sub("(?:就好|就行|就可以)?[了吧啊呀的]*$", "", found[1])
    if name and name not in NO_NAMES and not name.startswith(("你", "什么")):
        yield Finding(f"叫{name}", "name", "name", 0.9, value=name)


def _animal(found: re.Match[str], today: date) -> Iterator[Finding]:
    kind, name = found["kind"].removeprefix("小"), found.groupdict().get("name")
    if name:
        yield Finding(f"养了一只{kind}，叫{name}", "life", f"pet:{kind}", 0.95, value=name)
    else:
        yield Finding(f"养了一只{kind}", "life", f"pet:{kind}", 0.8, value=kind)


def _said(kind: str, subject: str, begins: str, sure: float = 0.85) -> Make:
    def make(found: re.Match[str], today: date) -> Iterator[Finding]:
        if thing := about(found[1]):
            yield Finding(f"{begins}{thing}", kind, subject or f"{kind}:{thing}", sure, value=thing)

    return make


def _plan(found: re.Match[str], today: date) -> Iterator[Finding]:
    thing, day = about(found["thing"]), day_meant(found.string, today)
    if (
        not thing
        or thing.startswith(NO_PLANS)
        or (day is None and found["sure"] not in ("打算", "计划", "准备"))
    ):
        return
    when = f"（{written(day, chinese=True)}）" if day else ""
    due = day.isoformat() if day else ""
    yield Finding(f"打算{thing}{when}", "plan", f"plan:{thing[:6]}", 0.8, due=due, value=thing)


RULES: tuple[tuple[re.Pattern[str], Make], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (rf"(?:我(?:的名字)?(?:就)?(?:叫做|叫|是叫)|我的名字是|(?:请|就)?[叫喊]我){_NAME}", _name),
        (
            rf"(?:我|我家|我们家)(?:养了|养着|养|有)(?:一)?(?:只|条|个|匹|头)?(?P<kind>{ANIMALS})"
            rf"(?:[，,]?(?:它|他|她)?(?:的)?(?:名字)?(?:叫做|叫|名叫|是)(?P<name>[\u3400-\u9fffA-Za-z]{{1,8}}))?",
            _animal,
        ),
        (
            rf"我(?:家)?的?(?P<kind>{ANIMALS})(?:的名字)?(?:叫做|叫|名叫|是)(?P<name>[\u3400-\u9fffA-Za-z]{{1,8}})",
            _animal,
        ),
        (rf"我(?:(?:现在)?住在|家在){_REST}", _said("life", "home", "住在", 0.9)),
        (rf"我(?:来自|从){_REST}", _said("life", "origin", "来自", 0.85)),
        (r"我在([^，。！？；\s]{1,30})(?:工作|上班)", _said("life", "work", "工作的地方：")),
        (r"我是(?:一名|一个|一位|个|名)([^，。！？；\s]{1,12})", _said("life", "work", "是", 0.7)),
        (r"我(?:今年)?(\d{1,3}岁)", _said("life", "age", "今年", 0.9)),
        (rf"(?<!不)我(?:很|非常|最|特别|也|真的)*(?:喜欢|爱(?!上)){_REST}", _said("taste", "", "喜欢")),
        (rf"我(?:很|最|特别)?(?:讨厌|不喜欢|不爱){_REST}", _said("taste", "", "不喜欢")),
        (r"我[^，。！？；\s]{0,6}?(?P<sure>打算|计划|准备|要|想)(?P<thing>[^，。！？；\s]{2,40})", _plan),
    )
)
REMEMBER = re.compile(rf"(?<!你)(?:请|帮我)?(?:记住|记得|别忘了|不要忘记)[：:，,]?{_REST}")
FORGET = re.compile(r"(?<!别)(?<!不要)(?<!没)(?<!不)(?:忘掉|忘了|忘记)([^，。！？；\s]{1,30})")
FORGET_BEFORE = re.compile(r"把([^，。！？；\s]{1,30})(?:忘掉|忘了|忘记)")
ASKS = re.compile("什么|啥|哪|谁|几岁|多大|怎么样|如何")  # of what a rule has found: it was a question
EVERYTHING = ("一切", "所有", "全部", "我", "关于我的一切", "我的一切", "所有事")
_STOP = "(?=[，。！,.!]|$)"
MAY_REMEMBER = re.compile(f"你?(?:可以|能)记住我(?:了|吧|的话)?{_STOP}|(?:^|[，。！])请?记住我吧?{_STOP}")
REMEMBER_NOTHING = re.compile(
    f"(?:不要|别|不用|停止|不许|不可以)(?:再)?记(?:住|得)?我(?:了|说的话|的事)?{_STOP}"
)
YES = re.compile("(?:好|可以|行|当然|没问题|记吧|嗯|愿意|同意|是的)")
NO = re.compile("(?:不|别|算了|没必要)")


def findings_in(text: str, today: date) -> Iterator[Finding]:
    """What a sentence says of its speaker."""
    some = False
    for sentence in filter(str.strip, re.split("(?<=[。！？；!?;])", text)):
        for pattern, make in RULES:
            for found in pattern.finditer(sentence):
                for finding in make(found, today):
                    some = True
                    if not ASKS.search(finding.value):
                        yield finding
    if not some and (asked := REMEMBER.search(text)):
        words = about(asked[1])
        yield Finding(f"要求记住：{words}", "note", "", 0.9, value=words)


def forgotten_in(text: str) -> str | None:
    """What is to be forgotten: words that name it, '' for everything; None where nothing is."""
    found = FORGET_BEFORE.search(text) or FORGET.search(text)
    if not found:
        return None
    named = _PARTICLES.sub("", found[1])
    if named in EVERYTHING:
        return ""
    return re.sub("^(?:关于)?我(?:家)?的?|的(?:名字|事情?)$", "", named) or None
