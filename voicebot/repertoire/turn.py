"""A character's turn, as far as it is written: what fits what was just said, and which words answer it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pipecat.processors.aggregators.llm_context import LLMContext

from characters import prompts
from characters.spec import CharacterSpec
from characters.text import Moment
from voicebot.meaning import readings
from voicebot.repertoire.answers import Answer
from voicebot.repertoire.certainty import NEAR, SHOWN_TO_MODEL, SPOKEN
from voicebot.repertoire.choosing import Chooser
from voicebot.repertoire.follow_ups import FollowUp, follow_up
from voicebot.repertoire.honesty import NOTE, asks_whether_machine
from voicebot.repertoire.index import SOMEBODY, SOMEBODY_ZH, Match
from voicebot.repertoire.index_cache import IndexCache, Written, index_cache
from voicebot.repertoire.personal import Asked, Told, answer_of, asked_of_self, clause_of, told_in

SEARCH_SECS = 0.025  # for examples in a prompt: without them it is as good as it was
ANSWER_SECS = 0.25  # where the answer itself hangs on it; the small model takes longer for its first word
MOST_SAID = 400  # of the character's turns, among which nothing is repeated
MOST_EXAMPLES = 3  # that fit the turn, in a prompt
RIGHT_CHARACTERS = 60
PUTS_RIGHT = re.compile(r"\s*(?:no|nope|not|actually|i said|wrong|sorry|it's|不|错)", re.IGNORECASE)
TELLS_NAME = (f"My name is {SOMEBODY}.", f"我叫{SOMEBODY_ZH}。")
REQUEST = re.compile(r"\(.*\)", re.DOTALL)  # to the character, of a turn that nobody asked for


@dataclass(frozen=True)
class WrittenTurn:
    """What is written for one turn. `answer` is there if one is sure enough; `fallback` always."""

    matches: Sequence[Match] = ()
    answer: Answer | None = None
    fallback: Answer | None = None
    near: Answer | None = None  # not sure enough to be spoken, and better than a reply that is faulty
    examples: Sequence[int] = ()  # the numbers of exchanges that a model should see
    notes: Sequence[str] = ()  # what it should know of this turn
    said: Sequence[str] = field(default=(), repr=False)  # the character's turns so far, oldest first
    heard: str = field(default="", repr=False)  # what the visitor has just said
    visitor: str = field(default="", repr=False)  # their name, if it is known

    @property
    def sure(self) -> float:
        """Of the answer, 0 to 1; 0 without one."""
        return self.answer.match.sure if self.answer and self.answer.match else 0.0

    @property
    def words(self) -> Answer | None:
        """What is spoken where there is no model."""
        return self.answer or self.fallback


class WrittenContext(LLMContext):
    """What a model is asked, with what is written for this turn."""

    written: WrittenTurn | None = None


def text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""


def asked_in(history: Sequence[Mapping[str, Any]]) -> str:
    """What the visitor has just said, '' if the last word is not theirs."""
    if not history or history[-1].get("role") != "user":
        return ""
    words = text_of(history[-1]).strip()
    return "" if REQUEST.fullmatch(words) else words


def find(
    words: str, written: Written, *, last: int | None, within_secs: float, on: IndexCache | None = None
) -> list[Match]:
    """The exchanges that fit what was said, the surest first."""
    best: dict[int, Match] = {}
    for reading in readings(words):
        for match in (on or index_cache()).matches(
            written.index, reading, last=last, within_secs=within_secs
        ):
            if match.exchange not in best or match.sure > best[match.exchange].sure:
                best[match.exchange] = match
    return sorted(best.values(), key=lambda match: -match.sure)


def written_turn(
    spec: CharacterSpec,
    history: Sequence[Mapping[str, Any]],
    metadata: Mapping[str, Any],
    *,
    told: Callable[[], Sequence[Told]] = tuple,
    earlier: Sequence[str] = (),
    language: str = "",
    seed: str = "",
    moment: Moment | None = None,
    within_secs: float = ANSWER_SECS,
    on: IndexCache | None = None,
) -> WrittenTurn:
    """What is written for the turn after this history. Pure but for time; blocks, at most `within_secs` and
    a few milliseconds more.

    `told` gives what the visitor has told of themselves, `earlier` what the character has said before this
    history, oldest first, `language` what they speak now if that is not the character's main one.
    """
    written = (on or index_cache()).written(spec)
    here = [text_of(message) for message in history if message.get("role") == "assistant"]
    said = [*(text for text in earlier if text not in here), *here][-MOST_SAID:]
    spoken = language or spec.language
    words, moment = asked_in(history), moment or Moment(model=spec.llm_model or spec.llm_provider)
    name = metadata.get("name") or moment.remembered("name")
    last = written.answers.last(said)
    query = _for_anybody(words, name, spec.language)
    corrected = _puts_name_right(words, name)
    if corrected:
        query = TELLS_NAME[spec.language.startswith("zh")]
    matches = find(query, written, last=last, within_secs=within_secs, on=on) if words else []
    asked, follows = asked_of_self(words), follow_up(words)
    if not asked and not follows and matches and matches[0].sure >= SPOKEN:
        asked = written.answers.asked_in(matches[0].exchange)
    news = "" if asked or follows or is_question(words) else clause_of(told_now(words, moment), spoken)
    if news:
        moment = replace(moment, told={"": news})
    if asked or corrected:
        moment = replace(moment, told=_told(asked or Asked("name"), told(), name, history, spoken))
    chooser = Chooser(
        written.answers,
        said,
        lambda text: prompts.shown(spec, text, metadata, seed=seed, moment=moment),
        named=bool(name),
        language=spoken,
        main_language=spec.language,
        seed=seed,
    )
    if asks := asks_whether_machine(words):
        answer: Answer | None = chooser.honest()
    elif asked and (moment.told or asked.kind != "all"):
        answer = chooser.told_back(asked, known=bool(moment.told))
    elif follows:
        answer = chooser.followed(follows)
    elif not (answer := chooser.written(matches, SPOKEN)) and (news or corrected):
        answer = chooser.noted() if news else chooser.told_back(Asked("name"), known=True)
    return WrittenTurn(
        matches,
        answer,
        chooser.no_more() if follows in (FollowUp.MORE, FollowUp.ANOTHER) and said else chooser.fallback(),
        near=answer or chooser.written(matches, NEAR),
        notes=[NOTE] if asks else [],
        said=said,
        heard=words,
        visitor=name if isinstance(name, str) else "",
        examples=[match.exchange for match in matches[:MOST_EXAMPLES] if match.sure >= SHOWN_TO_MODEL],
    )


def _puts_name_right(words: str, name: Any) -> bool:
    """Whether a turn has just given this name in the place of another: “No, it's Robyn.”"""
    short = len(words) <= RIGHT_CHARACTERS and isinstance(name, str) and bool(name)
    return short and PUTS_RIGHT.match(words) is not None and name.casefold() in words.casefold()


def is_question(words: str) -> bool:
    return words.rstrip().endswith(("?", "\uff1f"))


def told_now(words: str, moment: Moment) -> list[Told]:
    """What a visitor tells of themselves in this very turn."""
    return told_in([words], {}, (), (moment.now or datetime.now(UTC)).date())


def _for_anybody(words: str, name: Any, language: str) -> str:
    """What was said with the name that written questions have: one says “My name is Robin.” for all."""
    if not isinstance(name, str) or not name.strip():
        return words
    somebody = SOMEBODY_ZH if language.startswith("zh") else SOMEBODY
    return re.sub(
        rf"(?<![^\W_]){re.escape(name)}(?![^\W_])" if name.isascii() else re.escape(name), somebody, words
    )


def _told(
    asked: Asked, told: Sequence[Told], name: Any, history: Sequence[Mapping[str, Any]], language: str
) -> dict[str, str]:
    """What {{told}} and {{told::value}} stand for, as an answer to this; {} where nothing is known."""
    if asked.kind == "last":
        words = [text_of(message) for message in history[:-1] if message.get("role") == "user"]
        return {"": words[-1], "value": words[-1]} if words else {}
    if isinstance(name, str) and name and not any(one.kind == "name" for one in told):
        told = [Told("name", name), *told]
    value, clause = answer_of(asked, told, language)
    return {"": clause, "value": value} if clause else {}
