"""Makes something else out of something valid."""

import random
import string
from typing import Any

NASTY = [
    "\x00",
    "\ud800",
    "\u202e",
    "<|im_start|>",
    "{{",
    "}}",
    "(a+)+$",
    "'",
    '"',
    "\\",
    "\n",
    "%",
    "é",
    "\U0001d518",
    ";",
    " ",
]
NUMBERS = [0, -1, 2**31, 2**63, 10**400, 1e308, float("nan"), float("inf"), True, None, "", [], {}]


class Mutator:
    """Makes something else out of something valid; the dice decide what."""

    def __init__(self, dice: random.Random):
        self.dice = dice

    def text(self, text: str) -> str:
        for _ in range(self.dice.randint(0, 3)):
            at = self.dice.randint(0, len(text))
            upto = at + self.dice.randint(0, 3)
            insert = self.dice.choice([*NASTY, self.dice.choice(string.printable), text[at:] * 2])
            text = (text[:at] + insert + text[upto:])[:20_000]
        return text

    def data(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(self.dice.randint(1, 4)):
            at = self.dice.randint(0, len(changed))
            changed[at : at + self.dice.randint(0, 4)] = self.dice.randbytes(self.dice.randint(0, 4))
        return bytes(changed[: self.dice.choice([len(changed), self.dice.randint(0, len(changed))])])

    def value(self, value: Any) -> Any:
        """A JSON value of the same shape, in which something is not."""
        if self.dice.random() < 0.05:
            return self.dice.choice([*NUMBERS, self.text("x"), [[[]]] * 50])
        if isinstance(value, dict):
            changed = {
                (self.text(k) if self.dice.random() < 0.05 else k): self.value(v) for k, v in value.items()
            }
            return changed
        if isinstance(value, list):
            return [self.value(item) for item in value] * self.dice.choice([1, 1, 1, 0, 3])
        return self.text(value) if isinstance(value, str) else value
