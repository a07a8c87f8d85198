"""Follow-up phrases: “And then?”, “Why?”, “Another one”, “What did you say?” ask for what was said last.

They are known by rules, in English and in Chinese: their words alone are near to too much.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum

from characters import prompts

# ruff: noqa: RUF001


class FollowUp(Enum):
    """What of the last exchange is asked for."""

    MORE = "more of it"
    ANOTHER = "another of its kind"
    WHY = "the reason"
    AGAIN = "the same words again"


_ENGLISH = {
    FollowUp.AGAIN: (
        r"what (?:did|was it that) you (?:just )?(?:say|said)|what was that|(?:please )?(?:say|tell me)"
        r" (?:that|it) (?:once )?(?:again|more)"
        r"|(?:can|could|would) you (?:please )?(?:say|repeat) (?:that|it)(?: again)?|repeat(?: that| it)?"
        r"|once more"
        r"|(?:i )?(?:did not|didn't|could not|couldn't) (?:hear|catch|get)(?: that| you| it)?|pardon(?: me)?"
        r"|come again"
    ),
    FollowUp.ANOTHER: (
        r"(?:tell me |give me |let's have |i want )?(?:another|one more)(?: one| of (?:those|them))?"
        r"|(?:do you (?:have|know)|got) (?:another|any more|more of (?:those|them))(?: one)?"
    ),
    FollowUp.WHY: r"(?:but |and )?(?:why(?: not| is that| so| was that| did you)?|how come|how so)",
    FollowUp.MORE: (
        r"(?:and |so )?(?:then what|then|what happened (?:then|next|after that|afterwards)|what next"
        r"|what came next|after that)"
        r"|(?:please )?(?:tell me more|say more|go on|more|continue|keep going|carry on)"
        r"(?: about (?:that|it|this))?"
        r"|(?:i )?(?:want|would like|i'd like) to (?:hear|know) more(?: about (?:that|it|this))?"
        r"|and what (?:else|happened)"
        r"|how did (?:it|that|this) (?:end|go on)|what else(?: happened)?|and"
    ),
}
_CHINESE = {
    FollowUp.AGAIN: (
        "你?(?:刚才|刚刚)?说(?:的)?(?:是)?(?:什么|啥)来?着?|(?:请)?(?:你)?再说一(?:遍|次)"
        "|(?:我)?没(?:有)?听(?:清|见|懂|清楚)|重复一(?:遍|下)"
    ),
    FollowUp.ANOTHER: "再(?:来|讲|说)一?个|换一?个|还有(?:别的|其他的)?(?:吗|没有)|另外一个",
    FollowUp.WHY: "(?:那)?(?:这是)?(?:为什么|为啥|为何)(?:呢|啊|呀)?|怎么会(?:这样)?(?:呢)?",
    FollowUp.MORE: (
        "(?:那|那么)?(?:然后|后来|接着|接下来|再后来|还有|结果)(?:呢|怎么样(?:了)?)?|(?:请)?(?:你)?"
        "(?:继续|接着|往下)(?:说|讲)?(?:吧|下去)?"
        "|(?:再|多)(?:说|讲)(?:一)?(?:点|些|说)(?:吧)?|说下去|讲下去|详细说说"
    ),
}
RULES = [(kind, re.compile(rule)) for kind, rule in _ENGLISH.items()]
RULES_ZH = [(kind, re.compile(rule)) for kind, rule in _CHINESE.items()]
ASIDE = re.compile(
    r"^(?:(?:oh|well|yes|ok|okay|wow|hm+|please|sorry|and|so|captain|inspector|啊|哦|嗯|好)\b[ ,，!.]*)+"
    r"(?=\S)"
)
MARKS = re.compile(r"[.!?…。！？~]+$")
TAIL = re.compile(r"(?:[ ,]+(?:please|though|captain|inspector|now|to me))+$")


def follow_up(words: str) -> FollowUp | None:
    """What these words ask for of what was said last, None where they mean something by themselves."""
    plain = MARKS.sub("", " ".join(words.casefold().replace("\u2019", "'").split())).strip(" ,，")
    if len(plain) > 60:
        return None
    for said in (plain, ASIDE.sub("", plain), TAIL.sub("", ASIDE.sub("", plain))):
        for kind, rule in (*RULES, *RULES_ZH):
            if rule.fullmatch(said):
                return kind
    return None


def _kinds(exchange: prompts.Exchange) -> set[FollowUp | None]:
    return {_kind_of_written(question) for question in exchange.questions}


def _kind_of_written(question: str) -> FollowUp | None:
    """What a written follow-up is for: “Another joke.” and “Why is the sail patched?” name the thing, too."""
    if found := follow_up(question):
        return found
    plain = question.casefold()
    if plain.startswith(("another ", "one more ", "再来", "再讲一", "再说一个")):
        return FollowUp.ANOTHER
    return FollowUp.WHY if plain.startswith(("why", "为什么", "为啥")) else None


def in_block(
    kind: FollowUp, exchanges: Sequence[prompts.Exchange], last: int, told: Iterable[int]
) -> int | None:
    """The written follow-up, by number, that answers this right after exchange `last`; None if none does.

    More of a story is whatever of it has not been `told` yet.
    """
    first = exchanges[last].follows
    block = last if first is None else first
    heard = set(told)
    after = [
        number
        for number in range(block + 1, len(exchanges))
        if exchanges[number].follows == block and exchanges[number].answers and number not in heard
    ]
    after = [n for n in after if n > last] + [n for n in after if n < last]
    fitting = [number for number in after if kind in _kinds(exchanges[number])]
    if fitting:
        return fitting[0]
    return after[0] if after and kind is FollowUp.MORE else None


def anywhere(kind: FollowUp, exchanges: Sequence[prompts.Exchange]) -> int | None:
    """The exchange that is written for such words wherever they are said; None if there is none."""
    for number, exchange in enumerate(exchanges):
        if (
            exchange.follows is None
            and exchange.answers
            and any(follow_up(q) is kind for q in exchange.questions)
        ):
            return number
    return None
