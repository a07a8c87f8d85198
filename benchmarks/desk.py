"""What the editor's desk costs when much is there: lists, the editor of a large lorebook, the rehearsal, an
import. In a database of its own, which goes again; one process, requests one after the other.

.venv/bin/python -m benchmarks.desk [--characters 1000] [--entries 1000] [--rehearsed 400] [--cards 300]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import benchmarks.django_ready  # noqa: F401
from benchmarks.scratch_database import scratch_database

ROUNDS = 9
WORDS = ["harbour", "lantern", "storm", "compass", "kraken", "anchor", "barrel", "gull", "rope", "island"]
DATABASE = "greenroom_benchmark_desk"


def entries_of(count: int) -> list[dict[str, Any]]:
    """Entries as large books have them: three keys and some 60 words each."""
    from characters import content

    return [
        {
            **content.NEW_LORE,
            "name": f"Entry {number}",
            "keys": [f"key{number}", f"other{number}", WORDS[number % len(WORDS)]],
            "content": " ".join(WORDS[(number + k) % len(WORDS)] for k in range(60)),
        }
        for number in range(count)
    ]


def character(slug: str, entries: int = 0) -> Any:
    from characters import content
    from characters.models import Character
    from characters.versions import publishing

    made = Character.objects.create(
        slug=slug,
        name=slug.title(),
        greeting="Ahoy.",
        stt_provider="scripted",
        llm_provider="scripted",
        tts_provider="scripted",
    )
    content.replace_lore(made, entries_of(entries))
    publishing.changed_draft(made)
    return made


def show(what: str, ask: Callable[[], Any], rounds: int = ROUNDS) -> None:
    """Prints the bytes of an answer, and the median and worst milliseconds of all but the first."""
    answer, taken = ask(), []
    if answer.status_code != 200:
        raise SystemExit(f"{what}: {answer.status_code} {answer.content[:500]!r}")
    for _round in range(rounds):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    print(f"{what:<52} {len(answer.content):>9,} {statistics.median(taken):>9.1f} {max(taken):>9.1f}")


def measure(options: argparse.Namespace) -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    from characters import cards
    from characters.models import Character

    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bench"))
    desk = "/admin/characters/character/"
    print(f"{'':<52} {'bytes':>9} {'p50 ms':>9} {'max ms':>9}")
    for number in range(options.characters):
        Character.objects.create(slug=f"c{number}", name=f"Character {number}", greeting="Hi.")
    show(f"list, {options.characters} characters, a page of them", lambda: client.get(desk))
    show("the same, searched", lambda: client.get(desk, {"q": "Character 77"}))

    large = character("large", options.entries)
    form, lore = f"{desk}{large.pk}/change/", f"{desk}{large.pk}/lore/"
    show(f"form of a character with {options.entries} entries", lambda: client.get(form))
    show("its first hundred rows", lambda: client.get(f"{lore}rows/"))
    show("all its rows", lambda: client.get(f"{lore}rows/", {"count": options.entries}))
    show("a search in it", lambda: client.get(f"{lore}rows/", {"q": "lantern key77"}))
    first = large.lore.first()
    show("one entry opened", lambda: client.get(f"{lore}{first.pk}/?fragment"))

    def save() -> Any:
        first.refresh_from_db()
        typed = {
            "revision": first.revision,
            "name": first.name,
            "keys": "\n".join(first.keys),
            "content": f"{first.content} again",
            "enabled": "on",
            "insertion_order": "100",
        }
        return client.post(f"{lore}{first.pk}/", typed, headers={"Accept": "application/json"})

    def move() -> Any:
        last = large.lore.last()
        return client.post(f"{lore}do/", {"action": "move", "id": last.pk, "before": large.lore.first().pk})

    show("one entry saved", save)
    show("one entry moved from the end to the beginning", move)

    tried = character("tried", options.rehearsed)
    open_entry = tried.lore.first()
    said = {
        "_character": tried.pk,
        "_talk": "A kraken by the lantern?",
        "description": "Just typed.",
    }
    typed = {"_entry": open_entry.pk, "_entry-keys": "kraken", "_entry-content": "It sleeps."}
    typed["_entry-enabled"] = "on"
    ask = f"{desk}rehearse/prompt/"
    show(f"rehearsal with {options.rehearsed} entries, a field typed", lambda: client.post(ask, said))
    show("the same, an entry typed", lambda: client.post(ask, {**said, **typed}))

    card = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "X", "first_mes": "Hi."}}
    card["data"]["character_book"] = {  # type: ignore[index]
        "entries": [{"keys": [f"k{n}"], "content": "word " * 40, "extensions": {}} for n in range(20)]
    }
    begun = time.perf_counter()
    for number in range(options.cards):
        card["data"]["name"] = f"Card {number}"  # type: ignore[index]
        cards.store(cards.read(json.dumps(card).encode()))
    secs = time.perf_counter() - begun
    each = secs * 1000 / max(options.cards, 1)
    print(f"import of {options.cards} cards with 20 entries each: {secs:.1f} s, {each:.1f} ms a card")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, usual in (("characters", 1000), ("entries", 1000), ("rehearsed", 400), ("cards", 300)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    with scratch_database(DATABASE):
        measure(options)


if __name__ == "__main__":
    main()
