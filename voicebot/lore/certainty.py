"""How sure it is that an entry of lore is meant, by how near it is to what was said.

`benchmarks/lore_meaning.py` says 96 things that are about one of 32 entries, English and Chinese, in other
words than its keys, and 48 that are about none, to books of eight entries and to each entry alone. The curves
were fitted on half of them, among entries of one ship, which are like each other: of what is 40 % sure or
surer there, 58 % is meant, and 40 % of what is meant is found. Of the other half, 87 % and 60 %.
"""

import math

# P(meant), a logistic curve over nearness: steepness, and the nearness of 0.5; the same by letters alone.
MEANT, LETTERED = (22.7, 0.187), (16.5, 0.174)
NOBODYS = 8  # entries that the sentences below count as: beside one entry alone, nearness says little
NEAREST = 12  # of the sentences, the half that is nearest to what was said: those of its language, mostly
# What people say of this and that. What an entry has in common with these, and with the other entries of its
# book, is no sign that it is meant (as Mu and Viswanath 2018, "All-but-the-Top", and Lample 2018, "CSLS").
SENTENCES = (
    "What time is it?",
    "I bought some bread this morning.",
    "The old bridge was built by the king's own masons.",
    "She works at the hospital on weekends.",
    "How does that machine work?",
    "We walked along the river until dark.",
    "His brother never forgave him.",
    "There is a letter on the table for you.",
    "Where can I find a place to sleep?",
    "The war ended before anyone had expected it.",
    "Children play in the yard behind the school.",
    "I would like to know more about you.",
    "现在几点了？",  # noqa: RUF001
    "今天早上我买了面包。",
    "这座老桥是国王的石匠修的。",
    "她周末在医院上班。",
    "那台机器是怎么工作的？",  # noqa: RUF001
    "我们沿着河一直走到天黑。",
    "他的哥哥从来没有原谅他。",
    "桌上有你的一封信。",
    "哪里有可以过夜的地方？",  # noqa: RUF001
    "战争结束得比谁想的都早。",
    "孩子们在学校后面的院子里玩。",
    "我想多了解你一些。",
)


def sure(near: float, *, by_meaning: bool) -> float:
    """The share of such matches that were meant, 0 to 1."""
    steepness, middle = MEANT if by_meaning else LETTERED
    return 1 / (1 + math.exp(-steepness * (near - middle)))
