"""The memory in which llama.cpp keeps what a slot has read: given back when its conversation is over.

llama.cpp's own erasing forgets a slot's content and leaves its bytes where they were. Where they are is not
told, so it is found out: the cache is one allocation of zeros after the start, of a known size; it holds keys
and values for each layer, and in each of these the slots one after the other. That is checked on a first
prompt, and believed only where that wrote nothing outside its slot.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from voicebot.ops import process_memory

log = logging.getLogger(__name__)

SLACK_BYTES = 64 * 1024  # an allocation is no smaller than asked for, and little larger
ALIGNED_BYTES = 64


@dataclass(frozen=True)
class SlotMemory:
    """Where each slot's keys and values lie: `parts` times so many bytes for every slot."""

    start: int
    parts: int
    slots: int
    part_bytes: int

    @property
    def end(self) -> int:
        return self.start + self.parts * self.slots * self.part_bytes

    def spans(self, slot: int) -> Iterator[tuple[int, int]]:
        """Where a slot's bytes begin and end."""
        for part in range(self.parts):
            start = self.start + (part * self.slots + slot) * self.part_bytes
            yield start, start + self.part_bytes

    def release(self, slot: int) -> int:
        """Gives back a slot's pages and wipes the rest of it, while nobody uses it. Returns bytes."""
        return sum(process_memory.wipe(*span) for span in self.spans(slot))

    def written(self, slot: int) -> bool:
        """Whether each part of a slot has something in it."""
        return not any(process_memory.is_zero(*span) for span in self.spans(slot))

    def empty(self, slot: int) -> bool:
        return all(process_memory.is_zero(*span) for span in self.spans(slot))


def find(mappings: dict[int, int], *, parts: int, slots: int, part_bytes: int) -> SlotMemory | None:
    """Where the cache lies among the mappings that came with it; None where that is not certain."""
    size = parts * slots * part_bytes
    runs = [run for mapping in mappings.items() for run in process_memory.zeros(*mapping, size)]
    runs = [(start, end) for start, end in runs if end - start < size + SLACK_BYTES]
    starts = [-(-start // ALIGNED_BYTES) * ALIGNED_BYTES for start, _ in runs]
    return SlotMemory(starts[0], parts, slots, part_bytes) if len(starts) == 1 else None


def checked(memory: SlotMemory | None, slot: int, read: Callable[[], object]) -> SlotMemory | None:
    """The same, if reading a prompt in a slot writes there and in no other slot."""
    if memory is None:
        return None
    read()
    others = (other for other in range(memory.slots) if other != slot)
    if memory.written(slot) and all(map(memory.empty, others)):
        return memory
    log.warning(
        "llama.cpp keeps its slots in another way than expected: what ended conversations used stays in use"
    )
    return None
