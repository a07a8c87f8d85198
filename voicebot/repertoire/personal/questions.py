"""Which questions are about the visitor who asks them: “Where do I live?”, “Do you know my dog's name?”.

By rules, in English and in Chinese, whatever the character speaks. A question is known by its whole sentence:
“What does my name mean?” asks something else.
"""

import re
from dataclasses import dataclass

# ruff: noqa: RUF001
TURN_CHARACTERS = 300  # of a turn, its end, in which questions are looked for
KIN = (
    "dog|puppy|cat|kitten|horse|pony|rabbit|hamster|parrot|bird|tortoise|turtle|snake|goldfish"
    "|fish|rat|mouse|"
    "wife|husband|partner|son|daughter|sister|brother|mother|mum|mom|father|dad|friend|boss|pet"
)
KIN_ZH = {
    "狗": "dog", "小狗": "dog", "猫": "cat", "小猫": "cat", "兔子": "rabbit",
    "马": "horse", "仓鼠": "hamster",
    "鹦鹉": "parrot", "鸟": "bird", "乌龟": "turtle", "鱼": "fish", "金鱼": "goldfish", "宠物": "pet",
    "妻子": "wife", "老婆": "wife", "丈夫": "husband", "老公": "husband", "儿子": "son", "女儿": "daughter",
    "姐姐": "sister", "妹妹": "sister", "哥哥": "brother", "弟弟": "brother", "妈妈": "mother", "爸"
    "爸": "father",
}  # fmt: skip
SAME = {"puppy": "dog", "kitten": "cat", "animal": "pet", "mum": "mother", "mom": "mother", "dad": "father"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor asks of themselves: a kind of fact, and which of several: a dog, a colour."""

    kind: str
    about: str = ""


_IS = r"(?:'s| is| was)?"
_SAID = r"(?:did i (?:say|tell you)|i (?:said|told you)|have i told you)"
_ENGLISH = (
    ("name", rf"(?:what{_IS} |{_SAID} )?my (?:own |first )?name(?: is| was)?"),
    ("name",
     r"what (?:(?:am i|i am|i'm|was i|i was) called"
     rf"|{_SAID} (?:my name (?:is|was)|i(?:'m| am| was) called))"),
    ("name", r"(?:who (?:am i|i am|i'm)|how i am called|what to call me)"),
    ("home", rf"where (?:do |did )?(?:{_SAID} )?(?:i live|i'm living|am i living|my home is|i'm at home)"),
    ("home",
     r"where(?:'s| is) my home|(?:what|which) (?:city|town|country|village|place) (?:do )?i live"
     r"(?: in)?"),
    ("origin",
     rf"where (?:{_SAID} )?(?:am i|i am|i'm|was i|i was|do i come|did i come|i come|i came) from"),
    ("origin",
     r"(?:what|which) (?:city|town|country|village|place) (?:am i|i am|i'm|do i come|i come) from"),
    ("work",
     rf"what {_SAID} i do(?: for (?:a living|work))?|what do i do for (?:a living|work)"
     r"|what i do(?: for .*)?"),
    ("work", rf"what{_IS} my (?:job|work|profession|trade|occupation)|what my (?:job|work|profession) is"),
    ("work", r"(?:where|what) (?:do )?i work(?: as| at| in| for)?|my (?:job|profession)"),
    ("age", rf"how old (?:am i|i am|i'm)|what{_IS} my age|how old {_SAID} i (?:am|was)|my age"),
    ("birthday", r"when(?:'s| is)? my birthday(?: is)?|my birthday"),
    ("favourite", rf"what{_IS} my favou?rite (?P<about>\w+)(?: is)?|my favou?rite (?P<about2>\w+)"),
    ("kin",
     rf"(?:what{_IS} |who{_IS} )?(?:the name of )?my (?P<about>{KIN})(?:'s name)?(?: is| was)?"
     r"(?: called| named)?"),
    ("kin", r"(?:what|which) (?:kind of )?(?P<about>pet|animal)s? (?:do )?i have"),
    ("kin", rf"(?:do i have|that i have|if i have|whether i have) (?:a|any) (?P<about>{KIN})s?"),
    ("likes",
     rf"what (?:do |did )?(?:{_SAID} )?i (?:really )?(?:like|love|enjoy|liked|loved)(?: to do| doing"
     r"| most| best)?"),
    ("likes",
     r"what(?:'s| is|'re| are)? my (?:hobby|hobbies|interests?)(?: is| are)?|my (?:hobby|hobbies)"),
    ("dislikes", rf"what (?:do |did )?(?:{_SAID} )?i (?:hate|dislike|not like|don't like|can't stand)"),
    ("mood", rf"how (?:{_SAID} )?(?:am i|i am|i'm|do i|did i|i|was i|i was) (?:feel(?:ing)?|felt)"),
    ("mood", r"what (?:mood (?:am i|i am|i'm|was i) in|is my mood)|my mood"),
    ("plan", r"what(?:'s| is| are|'re| were)? my plans?(?: are| is)?|my plans?"),
    ("plan",
     rf"what (?:{_SAID} )?(?:am i|i am|i'm|was i|i was) (?:planning|going|about)(?: to do)?{{when}}"),
    ("plan", rf"what (?:do |did )?(?:{_SAID} )?i (?:plan|planned|intend)(?: to do| on doing)?{{when}}"),
    ("plan", r"what (?:am i|i am|i'm) doing{when}"),
    ("wish", rf"what (?:do |did )?(?:{_SAID} )?i (?:really )?(?:want|wanted|wish|wished|hope|hoped|dream)"
             r"(?: to| for| of| about)?(?: do| doing| learn| learning| be| become| see)?(?: one day)?"),
    ("wish", r"what(?:'s| is)? my (?:dream|wish)(?: is)?|my (?:dream|wish)"),
    ("all",
     r"(?:what |anything |something )?(?:(?:do|did|can) you |you )(?:still )?"
     r"(?:know|remember|recall|learn|learned|have)"
     r"(?: already)?(?: about| of)? me(?: so far| now)?"),
    ("all",
     rf"what (?:else )?{_SAID}(?: you)?(?: all)?(?: about (?:me|myself))(?: so far)?"
     r"|what have i told you(?: so far)?"),
    ("tells", r"(?:let me|can i|may i|i want to|i'll) tell you (?:something )?about (?:me|myself)"),
    ("last",
     r"what did i (?:just )?(?:say|ask|tell you)(?: to you)?(?: just now| a moment ago| before| last"
     r"| right now)?"),
)  # fmt: skip
_WHEN = r"(?: tomorrow| tonight| today| later| next \w+| this \w+| on \w+| at the weekend| in \w+)?"
RULES = [(kind, re.compile(rule.replace("{when}", _WHEN))) for kind, rule in _ENGLISH]
ASIDE = re.compile(
    r"^(?:(?:so|and|but|now|well|ok|okay|oh|hey|hi|hello|please|then|also|before i go|by the way"
    r"|one more thing|let me ask|tell me|say|quick question|captain|inspector)\b[ ,:]*)+"
)
TAIL = re.compile(
    r"(?:[ ,]+(?:again|then|please|though|still|anyway|by the way|right now|exactly|actually|captain))+$"
)
WRAPPED = re.compile(
    r"^(?:(?:do|can|could|would|will|don't|did|have) you (?:(?:still|even|perhaps|maybe|please|just) )*"
    r"(?:know|remember|recall|guess|tell me|say|repeat|remind me|forgotten|forget|forgot"
    r"|learned|learnt|keep)"
    r"|remind me|i (?:bet|wonder if|hope) you (?:still )?(?:know|remember|recall)"
    r"|(?:you )?(?:still )?(?:know|remember)"
    r"|are you sure you (?:know|remember)|have you (?:already )?forgotten)(?: of| about| again)? "
)
SENTENCE = re.compile(r"[^.!?;\n\u3002\uff01\uff1f\uff1b]+")

_WHAT = "(?:什么|啥|哪些|哪个)"
_WHERE = "(?:哪里|哪儿|哪|什么地方|哪个城市|哪座城市)"
_TOLD = "(?:刚才|刚刚|之前|上次)?(?:跟你|和你|对你|告诉你)?(?:说过|说了|说|讲过|告诉过你)?(?:我)?"
_KIN = "|".join(sorted(KIN_ZH, key=len, reverse=True))
_CHINESE = (
    ("name",
     rf"我{_TOLD}(?:的)?名字(?:是|叫)?{_WHAT}?|我{_TOLD}(?:叫|是叫|该叫){_WHAT}(?:名字)?来?着?|我是谁"
     rf"来?着?|我姓{_WHAT}"),
    ("home", rf"我(?:的)?{_TOLD}(?:家|住)(?:在)?{_WHERE}"),
    ("origin",
     rf"我{_TOLD}(?:是)?(?:从|来自)?{_WHERE}(?:来|人)?的?|我(?:的)?(?:老家|家乡)(?:在|是){_WHERE}"),
    ("work",
     rf"我{_TOLD}(?:是)?(?:做|干){_WHAT}(?:工作)?的|我(?:的)?(?:工作|职业)(?:是){_WHAT}|我在{_WHERE}(?"
     r":工作|上班)"),
    ("age", "我(?:今年)?(?:多大|几岁|多少岁)(?:年纪)?"),
    ("kin",
     rf"我(?:家)?(?:的)?(?P<about>{_KIN})(?:的名字)?(?:叫|是){_WHAT}(?:名字)?|我(?:家)?(?:的)?(?P<abou"
     rf"t2>{_KIN})的名字"),
    ("kin", rf"我(?:家)?养(?:了|的是|的)?(?:{_WHAT}|几只)?(?:(?P<about>宠物)|动物)?"),
    ("dislikes", rf"我(?:最)?(?:不喜欢|讨厌|不爱){_WHAT}"),
    ("likes",
     rf"我{_TOLD}(?:最|都)?(?:喜欢|爱)(?:吃|喝|做|玩|看|听|去)?{_WHAT}|我(?:的)?爱好(?:是)?{_WHAT}?"),
    ("mood",
     "我(?:今天|现在|刚才)?(?:的)?心情(?:怎么样|怎样|如何|好不好)?|我(?:今天|现在|刚才)?(?:感觉"
     "|觉得)(?:怎么样|如何)"),
    ("plan",
     rf"我(?:明天|后天|周末|下周)?{_TOLD}(?:打算|计划|准备|要)(?:做|去|干)?(?:{_WHAT}|{_WHERE})|我(?:"
     rf"的)?(?:计划|打算)(?:是){_WHAT}"),
    ("wish",
     rf"我{_TOLD}(?:最)?(?:想|希望|想要|梦想)(?:做|学|去|当|要)?(?:{_WHAT}|{_WHERE})|我(?:的)?(?:梦想"
     rf"|愿望)(?:是)?{_WHAT}?"),
    ("all",
     rf"(?:关于)?我的?(?:{_WHAT}事?|哪些事|多少)|我(?:都)?{_TOLD}过?{_WHAT}(?:关于我自己的|自己的)事?"),
    ("tells", "(?:让)?我(?:来|想|跟你|和你)*(?:说说|讲讲|介绍一下)(?:我)?自己"),
    ("last", rf"我(?:刚才|刚刚)(?:说|问)(?:了|的)?(?:是)?{_WHAT}"),
)  # fmt: skip
RULES_ZH = [(kind, re.compile(rule)) for kind, rule in _CHINESE]
ASIDE_ZH = re.compile(
    "^(?:那|那么|对了|梅姨|请问|哎|诶|嗯|好|你说|你猜|猜猜|走之前|再问一句|顺便问一下|[，, ])+"
)
WRAPPED_ZH = re.compile(
    "^(?:(?:你|您)?(?:还|都|能|能不能|可以|会不会|到底)*"
    "(?:记不记得|记得|知不知道|知道|认得|说得出|说出|猜得出|告诉我|忘了|忘记|了解|记住|记着)(?:了|过|吗)?)"
)
TAIL_ZH = re.compile("(?:吗|(?<![什怎那这])么|呢|吧|啊|呀|来着|没有|没|[ ，,])+$")
IDEOGRAPHS = re.compile("[\u3400-\u9fff]")


def asked_of_self(words: str) -> Asked | None:
    """What a visitor asks of themselves, None where they ask nothing of that kind."""
    said = words[-TURN_CHARACTERS:].replace("\u2019", "'")
    for sentence in reversed(SENTENCE.findall(said)):
        found = _in_chinese(sentence.strip()) if IDEOGRAPHS.search(sentence) else _in_english(sentence)
        if found:
            return found
    return None


def _in_english(sentence: str) -> Asked | None:
    plain = TAIL.sub("", ASIDE.sub("", " ".join(sentence.casefold().split())).strip(" ,:-\"'"))
    inner = WRAPPED.sub("", plain)
    for kind, rule in RULES:
        found = rule.fullmatch(plain) or (rule.fullmatch(inner) if inner != plain else None)
        if found and not (
            plain == found[0] and plain.startswith("my ") and not sentence.rstrip().endswith("?")
        ):
            return _asked(kind, found)
    if inner != plain and inner == "me":
        return Asked("all")
    return None


def _in_chinese(sentence: str) -> Asked | None:
    plain = TAIL_ZH.sub("", ASIDE_ZH.sub("", sentence))
    inner = ASIDE_ZH.sub("", WRAPPED_ZH.sub("", plain))
    for kind, rule in RULES_ZH:
        found = rule.fullmatch(inner) if kind != "all" or inner != plain else None
        if found:
            return _asked(kind, found)
    return Asked("all") if inner == "我" and inner != plain else None


def _asked(kind: str, found: re.Match[str]) -> Asked:
    groups = found.groupdict()
    about = groups.get("about") or groups.get("about2") or ""
    about = KIN_ZH.get(about, about)
    return Asked(kind, SAME.get(about, about))
