"""How much of a document is read, and what reading it may cost."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Whatever is beyond one of them is refused with a sentence, never cut off silently."""

    file_bytes: int = 32 * MEGABYTE
    unpacked_bytes: int = 64 * MEGABYTE  # of all that is taken out of an EPUB or DOCX, as it is counted
    members: int = 5000  # files within an EPUB or DOCX
    pages: int = 3000  # of a PDF
    depth: int = 200  # elements within each other
    elements: int = 2_000_000  # of XML, or of a page
    letters: int = 20_000_000  # of text
    pieces: int = 20_000
    memory_bytes: int = 1024 * MEGABYTE  # address space of the process that reads
    cpu_secs: int = 90
    wall_secs: float = 180.0  # on a busy machine the process waits for its turn


LIMITS = Limits()
