"""Preview: what a draft would answer to something, and why, for its writer; found as on stage."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from characters.provider_choice import Fit, Speaks, WrittenReply
from characters.spec import CharacterSpec
from voicebot.meaning import VectorStore, embeddings
from voicebot.repertoire.answers import Answer, Source
from voicebot.repertoire.certainty import Spoken
from voicebot.repertoire.index import Match, as_asked
from voicebot.repertoire.index_cache import IndexCache
from voicebot.repertoire.turn import written_turn

KEPT_DRAFTS = 8  # each time that something was typed it is another text
SHOWN = 3  # the surest, and the next two
PATIENCE_SECS = 2.0  # for the meaning of a question; a writer can wait longer than a visitor
READING_SECS = 5.0  # for new wordings: some three hundred


@cache
def drafts() -> IndexCache:
    """Indexes of what is not published: apart, so that typing drives no character on stage out of its own."""
    return IndexCache(embeddings(), VectorStore(Path(settings.DATA_DIR) / "meanings.sqlite3"), KEPT_DRAFTS)


def preview(
    spec: CharacterSpec,
    talk: Sequence[Mapping[str, Any]],
    metadata: Mapping[str, Any],
    *,
    spoken: Spoken,
    on: IndexCache | None = None,
) -> WrittenReply:
    """What would be said to the last line of a talk. Blocks for seconds where there is much to read."""
    on = on or drafts()
    written = on.written(spec)
    on.read(READING_SECS)
    turn = written_turn(spec, talk, metadata, within_secs=PATIENCE_SECS, on=on)
    exchanges = written.index.repertoire.exchanges

    def fit(match: Match) -> Fit:
        exchange = exchanges[match.exchange]
        first = as_asked(spec, exchange.questions[0])
        return Fit(match.question or first, first, exchange.answers, match.sure, match.follows_up)

    answer, matches = turn.answer, list(turn.matches)
    if answer and answer.match and answer.match.exchange >= 0:
        # A rule may have found another one than the search: “And then?” goes on where the talk was.
        matches = [match for match in matches if match.exchange != answer.match.exchange]
        matches.insert(0, answer.match)
    fits, by_meaning = [fit(match) for match in matches[:SHOWN]], written.index.by_meaning
    if answer and turn.sure >= spoken.sure:
        return WrittenReply(fits, _why(answer, honest=bool(turn.notes)), answer.text, by_meaning)
    if spoken.or_model:
        return WrittenReply(fits, "model", "", by_meaning, shown=len(turn.examples))
    said = turn.fallback
    why: Speaks = "fallback" if said and said.source is Source.FALLBACK else "house"
    return WrittenReply(fits, why, said.text if said else "", by_meaning)


def _why(answer: Answer, *, honest: bool) -> Speaks:
    if honest:
        return "honest"
    told: dict[Source, Speaks] = {Source.TOLD: "told", Source.HOUSE: "again"}
    return told.get(answer.source, "written")
