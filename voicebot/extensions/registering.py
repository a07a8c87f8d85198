"""Registering: the typed functions that an app's `greenroom` module calls."""

from collections.abc import Callable
from typing import Any

from characters import cards
from sessions_app import stores
from voicebot.extensions import providers
from voicebot.extensions.additions import (
    PLACES,
    AddedProcessor,
    MakeObserver,
    MakeProcessor,
    Place,
    Side,
    Transform,
    Words,
    additions,
    name_of,
)
from voicebot.providers import registry


def provider(
    name: str,
    made: registry.Provider,
    *,
    stages: tuple[registry.Stage, ...] = registry.STAGES,
    label: str = "",
) -> None:
    """Adds a provider that characters and settings may name, as `openai` is one.

    `made` is a `BaseProvider` of yours; `stages` are those of `stt`, `llm` and `tts` that it serves; editors
    see the `label`. Raises ValueError for a name that is taken or none, and for what lacks a method.
    """
    providers.add(name, made, stages, label)


def processor(
    make: MakeProcessor,
    *,
    before: Place | None = None,
    after: Place | None = None,
    beside: Place | None = None,
) -> MakeProcessor:
    """Puts a Pipecat processor into the pipeline of every conversation.

    `make` gets the conversation's `ConversationState` and answers a new processor, or None where there is to
    be none. It stands before or after a stage (`input`, `stt`, `user`, `llm`, `reply`, `tts` or `output`) and
    has to push on what it gets there, or it is beside one: then it is shown what leaves the stage, and holds
    up nobody. Raises ValueError unless exactly one place is named that there is.
    """
    named: list[tuple[Side, Place]] = []
    if before is not None:
        named.append(("before", before))
    if after is not None:
        named.append(("after", after))
    if beside is not None:
        named.append(("beside", beside))
    if len(named) != 1 or named[0][1] not in PLACES:
        raise ValueError(f"A processor stands before, after or beside one of {', '.join(PLACES)}.")
    side, place = named[0]
    _callable(make)
    added = AddedProcessor(make, place, side)
    if added in additions.processors:
        raise ValueError(f"{name_of(make)} stands {side} {place} already.")
    additions.processors.append(added)
    return make


def observer(make: MakeObserver) -> MakeObserver:
    """Adds a Pipecat observer to every conversation; `make` gets its `ConversationState`.

    It sees the first push of each frame but audio, and each of text that is spoken. Raises ValueError for one
    that is registered twice.
    """
    _callable(make)
    if make in additions.observers:
        raise ValueError(f"{name_of(make)} observes already.")
    additions.observers.append(make)
    return make


def text_transform(of: Words) -> Callable[[Transform], Transform]:
    """Decorates what changes words on their way: those `heard`, or those of a `reply`, by the sentence.

    It gets the text and the `ConversationState`, and answers a text; the same for the same. What it answers
    is kept, shown and spoken. Raises ValueError for other words, and for one that is registered twice.
    """
    if of not in ("heard", "reply"):
        raise ValueError(f"A text transform is of what was heard or of a reply, not of {of!r}.")

    def register(transform: Transform) -> Transform:
        _callable(transform)
        if (of, transform) in additions.transforms:
            raise ValueError(f"{name_of(transform)} is a transform of {of} already.")
        additions.transforms.append((of, transform))
        return transform

    return register


def importer(kind: str) -> Callable[[cards.Importer], cards.Importer]:
    """Decorates what reads characters from another kind of file, which Greenroom itself refuses.

    It gets the file's bytes and answers a card of version 2 as a dict, or None for a file that is none of its
    own. `kind` is what editors read of it. The bytes are a stranger's: open nothing in them, fetch nothing.
    """

    def register(made: cards.Importer) -> cards.Importer:
        _callable(made)
        cards.add_importer(kind, made)
        return made

    return register


def store(name: str, path: str) -> None:
    """Adds a session store that SESSION_STORE may name; `path` is the dotted path of its class, see
    `sessions_app.stores.Store`. Raises ValueError if the name is taken."""
    stores.add_store(name, path)


def _callable(given: Any) -> None:
    if not callable(given):
        raise ValueError(f"{given!r} cannot be called: register the function, or the class.")
