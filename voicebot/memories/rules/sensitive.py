"""Sensitive matters: third persons, health, faith, politics, sexuality. Kept only where the house allows it.

The list follows what the GDPR calls special categories (article 9), and adds who else is spoken of.
"""

import re

# ruff: noqa: RUF001
_ENGLISH = r"""
    (?:wi[fv]e|husband|spouse|partner|girlfriend|boyfriend|fianc\w+|ex|mother|mum|mom|father|dad|parents?|sister|
    brother|son|daughter|kids?|child(?:ren)?|baby|grand\w+|aunt|uncle|cousin|nephew|niece|friend|neighbou?r|boss|
    colleague|doctor|therapist|teacher['’]s)s?
    |ill(?:ness)?|sick\w*|disease|cancer|tumou?r|diabet\w+|depress\w*|anxi\w+|bipolar|autis\w+|adhd|pregnan\w+|
    abort\w+|miscarr\w+|hiv|aids|surgery|operation|hospital|medicat\w+|pills?|therap\w+|diagnos\w+|disab\w+|
    addict\w*|alcohol\w*|drugs?|suicid\w*|allerg\w+|asthma|epilep\w+|covid
    |god|church|mosque|synagogue|temple|pray\w*|religio\w+|christian\w*|catholic\w*|muslim\w*|islam\w*|jew\w*|
    hindu\w*|buddh\w+|atheis\w+|bible|quran|faith
    |vot(?:e|ed|ing)|elect(?:ion|ed)\w*|politic\w*|democrat\w*|republican\w*|conservative\w*|socialis\w+|communis\w+|
    liberal\w*|labour|trump|biden|putin|union\s+member
    |gay|lesbian|bisexual|queer|trans(?:gender|sexual)?|straight|sex\w*|porn\w*|naked
    |arrest\w*|prison|jail|convict\w*|crime|salary|debts?|password|passport\s+number|credit\s+card
"""
_CHINESE = (
    "妻子|老婆|丈夫|老公|男朋友|女朋友|妈妈|母亲|爸爸|父亲|父母|姐姐|妹妹|哥哥|弟弟|儿子|女儿|孩子|奶奶|爷爷|"
    "朋友|邻居|老板|同事|病|癌|抑郁|焦虑|怀孕|手术|医院|药|艾滋|残疾|自杀|过敏|上帝|教会|教堂|清真寺|祈祷|"
    "基督|天主|佛教|伊斯兰|穆斯林|信仰|投票|选举|政治|共产|民主党|共和党|同性恋|双性恋|变性|性生活|监狱|"
    "坐牢|工资|债|密码|身份证"
)
SENSITIVE = re.compile(rf"\b(?:{_ENGLISH})\b|{_CHINESE}", re.IGNORECASE | re.VERBOSE)


def is_sensitive(text: str) -> bool:
    """Whether something is of a kind that is kept by permission of the house only."""
    return SENSITIVE.search(text) is not None
