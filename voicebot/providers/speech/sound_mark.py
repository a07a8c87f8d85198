"""A mark in the sound of a voice: where something begins in all that the transport sends."""

from dataclasses import dataclass
from typing import Protocol

from pipecat.frames.frames import DataFrame


class Marked(Protocol):
    sound_at: float | None


@dataclass
class SoundMark(DataFrame):
    """Downstream, before a piece of sound: the transport notes where that begins, in seconds of all it sends.

    `ahead_secs` is other sound that is played before the piece, once the mark has its turn.
    """

    marked: Marked
    ahead_secs: float = 0.0
