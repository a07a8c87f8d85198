"""What hostile files cost the process that reads them, measured: its memory at its highest, and its time."""

import contextlib
import subprocess
import threading
from dataclasses import dataclass, field

import psutil
import pytest

from characters.documents import DocumentUnreadable, read_document
from tests.characters.documents.samples import ENGLISH, archive, docx, epub, page, paragraph, pdf
from tests.characters.documents.test_hostile import LAUGHS, MEGABYTE, bomb

LOOK_SECS = 0.002


@dataclass
class Cost:
    """Of all processes that were started: the most resident memory, bytes, and CPU, seconds."""

    memory: int = 0
    cpu_secs: float = 0.0
    looks: int = 0
    threads: list[threading.Thread] = field(default_factory=list)

    def watch(self, pid: int) -> None:
        self.threads.append(threading.Thread(target=self._watch, args=[psutil.Process(pid)]))
        self.threads[-1].start()

    def _watch(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            while process.status() != psutil.STATUS_ZOMBIE:
                self.memory = max(self.memory, process.memory_info().rss)
                times = process.cpu_times()
                self.cpu_secs = max(self.cpu_secs, times.user + times.system)
                self.looks += 1
                threading.Event().wait(LOOK_SECS)


@pytest.fixture
def cost(monkeypatch):
    """Whoever starts a process while this is there has it watched, until it has ended."""
    seen, real = Cost(), subprocess.Popen

    def popen(*arguments, **options):
        process = real(*arguments, **options)
        seen.watch(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    yield seen
    for thread in seen.threads:
        thread.join()


def nested_archives(depth: int = 6, most: int = 8 * MEGABYTE) -> bytes:
    inner = bytes(most)
    for number in range(depth):
        inner = archive({f"{number}-{copy}.zip": inner for copy in range(4)})
    return inner


SCRIPTS = "/OpenAction << /S /JavaScript /JS (while\\(true\\){}) >> "
FILES = {
    "a DOCX of 80 MB unpacked": ("x.docx", bomb, 150, 20),
    "a DOCX of 1 GB unpacked": ("x.docx", lambda: bomb(1024 * MEGABYTE), 150, 20),
    "an EPUB of 72 MB unpacked": (
        "x.epub",
        lambda: epub({f"{n}.xhtml": page(f"<p>{'0' * 9 * MEGABYTE}</p>") for n in range(8)}),
        400,
        40,
    ),
    "archives within archives, DOCX": (
        "x.docx",
        lambda: docx(paragraph("Text."), {"word/embeddings/x.zip": nested_archives()}),
        150,
        20,
    ),
    "archives within archives, EPUB": (
        "x.epub",
        lambda: epub({"a.xhtml": page("Text.")}, files={"OEBPS/x.zip": nested_archives()}),
        150,
        20,
    ),
    "10 MB of one line": ("x.txt", lambda: b"The sea is calm. " * 600_000, 400, 60),
    "10 MB of one word": ("x.txt", lambda: b"x" * 10 * MEGABYTE, 400, 60),
    "10 MB of one line, HTML": ("x.html", lambda: b"<p>" + b"The sea is calm. " * 600_000, 800, 60),
    "a PDF with scripts": ("x.pdf", lambda: pdf([[ENGLISH]], catalog=SCRIPTS), 150, 20),
    **{
        f"HTML nested deeply, {tag.decode()}": ("x.html", lambda tag=tag: tag * 100_000 + b"x", 400, 6)
        for tag in (b"<div>", b"<DIV/>", b"<ul><li>", b"<details\n>", b"<x-y>")
    },
    "HTML with ends of nothing": ("x.html", lambda: b"<x-y>" * 50_000 + b"</x-z>" * 50_000, 400, 6),
    "XML entities that multiply": (
        "x.docx",
        lambda: docx("<w:p><w:r><w:t>&j;</w:t></w:r></w:p>", before=LAUGHS),
        150,
        20,
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_a_hostile_file_costs_no_more_than_a_bound(what, cost, capsys):
    name, make, most_megabytes, most_secs = FILES[what]
    content = make()
    try:
        found = f"{len(read_document(name, content).pieces)} pieces"
    except DocumentUnreadable as error:
        found = str(error)
    for thread in cost.threads:
        thread.join()
    assert cost.looks, "the process was watched"
    megabytes = round(cost.memory / MEGABYTE)
    with capsys.disabled():
        print(f"\n| {what} | {len(content)} | {megabytes} | {cost.cpu_secs:.1f} | {found} |")
    assert megabytes <= most_megabytes
    assert cost.cpu_secs <= most_secs
