"""Vectors of pieces: a signed byte for each dimension, and what all texts have in common.

Vectors of multilingual-e5 crowd together; what they have in common is taken out before they are compared, as
Mu and Viswanath 2018 ("All-but-the-Top") do. A few pieces do not tell what that is: `COMMON` stands in.
"""

import base64

import numpy as np
import numpy.typing as npt

from voicebot.meaning import DIMENSIONS, Vectors

Bytes = npt.NDArray[np.int8]
# Texts about nothing in particular. The mean of their vectors, of this length, in bytes:
TEXTS = (
    "The meeting begins at nine and ends before lunch.",
    "She walked along the river and thought about nothing.",
    "Water boils at one hundred degrees.",
    "The price of bread has risen again this year.",
    "He bought a new coat and a pair of shoes.",
    "今天天气很好，我们去公园散步。",  # noqa: RUF001
    "这本书讲的是一个年轻人的故事。",
    "Please turn off the light when you leave.",
    "Die Stadt liegt am Fluss und hat einen alten Markt.",
    "The committee has agreed on the plan for next spring.",
    "孩子们在学校学习数学和历史。",
    "A number of people have asked about the road.",
)
_LENGTH = 0.8869
_COMMON = (
    "OADuqHLi7AZOJkoFSeWzKlLX07wh++c8OlfRLjeOuLxAszk6wr4/xcoXMmQ5PrkznMi7TxAtKLnHp5o5aQoVHVdELjXN98NH"
    "+dwZIii/D9e8vtUvxkVItEviQ0i/wqrTuTxTxUjeE5HLFzy9RK3aOx87ndXY0zbTOtGy4a/gOCMMFVkhDhU2Y833B+DKQ8g8"
    "LUdH62G4H+chG0XBsKxETL/Cve+myENPsurBB80k/S3fIlwu+9u5v7HEzyIg6Pwuwqa7OLQ7Riz/xSgiKASuP9s/PqvAUdDm"
    "CTy/FELzP6m7MELJzTPV5JjGvcwHIiuz6tcuoknk2hz9QzfEzZXtHE5Z1iUd7Wk5Sy222a/qqic+t7nbPGnX0jIsKj5D/uRE"
    "uMLtrTvNNRQEQ8VM27IiJ7AiHiYKJkQ2ufA9Tu8E67LKxvHFNirM30spLt6/N7TlykvKtCdN4jbkqT/xxyNAgQcw0xm5yUA7"
    "tfUkLUcy8fU3sEM8wBT5jthLxbA4WUM8"
)
COMMON_WEIGHT = 24  # it counts as so many pieces beside those of a character


def as_bytes(vector: Vectors) -> bytes:
    """A vector of unit length in {-127..127}; its length is known, so that its scale need not be."""
    return np.round(vector * (127 / max(float(np.abs(vector).max()), 1e-9))).astype(np.int8).tobytes()


def common() -> Vectors:
    """The mean vector of texts about nothing in particular."""
    found = np.frombuffer(base64.b64decode(_COMMON), np.int8).astype(np.float32)
    return np.asarray(found * (_LENGTH / np.linalg.norm(found)), np.float32)


def rows_of(vectors: list[bytes]) -> Bytes:
    """Vectors of pieces, one a row."""
    return np.frombuffer(b"".join(vectors), np.int8).reshape(-1, DIMENSIONS)
