"""How well tools are found by meaning where the model cannot call them, and by letters, at each threshold.

.venv/bin/python -m benchmarks.tools_meaning
"""

from collections.abc import Mapping
from pathlib import Path

from benchmarks import django_ready  # noqa: F401
from benchmarks.lore_meaning import TUNED, UNSEEN, background
from characters.lore import Nearness
from characters.tools import ToolSpec
from voicebot.lore import LoreIndex, book_of_tools
from voicebot.meaning import embeddings
from voicebot.tools import verdicts

QUESTIONS = Path(__file__).parent / "questions" / "tools.txt"
THRESHOLDS = (20, 30, 40, 50, 60, 70)


def parts() -> Mapping[str, tuple[list[ToolSpec], list[tuple[str, str]]]]:
    """Tools with their meanings, and what is said with the name of the tool that is meant, '' for none."""
    found: dict[str, tuple[list[ToolSpec], list[tuple[str, str]]]] = {TUNED: ([], []), UNSEEN: ([], [])}
    part = TUNED
    for line in QUESTIONS.read_text().splitlines():
        if line == UNSEEN:
            part = UNSEEN
        elif line.startswith("- "):
            found[part][1].append((line[2:], ""))
        elif line and not line.startswith("#"):
            tool, said = line.split(" = ")
            name, meanings = tool.split(": ")
            found[part][0].append(ToolSpec(name, "page", meanings=tuple(meanings.split(" | "))))
            found[part][1].extend((words, name) for words in said.split(" | "))
    return found


def main() -> None:
    common, engine = background(), embeddings()
    for part, (tools, said) in parts().items():
        for by_meaning in (True, False):
            index = LoreIndex(book_of_tools(tools).by_meaning)
            if by_meaning:
                index.take(engine.of_passages(index.texts), common)
            print(f"{len(tools)} tools {part}, by {'meaning' if by_meaning else 'letters'}")
            for percent in THRESHOLDS:
                right = wrong = idle = 0
                asked = [ToolSpec(t.name, t.kind, meanings=t.meanings, sure=percent) for t in tools]
                for words, name in said:
                    near = index.near(words, engine.of_question(words).result())
                    near = {place: Nearness(one.sure) for place, one in near.items()}  # as if letters called
                    called = [one.tool.name for one in verdicts(asked, words, near) if one.called]
                    right += called == [name]
                    wrong += bool(name) and bool(called) and called != [name]
                    idle += not name and bool(called)
                meant = sum(bool(name) for _, name in said)
                print(
                    f"  {percent} %: {right} of {meant} right, {wrong} the wrong one, "
                    f"{idle} of {len(said) - meant} called by what means none"
                )


if __name__ == "__main__":
    main()
