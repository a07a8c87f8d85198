"""Inclusion groups: of entries that are called for at once and share a group, one is told.

SillyTavern's order: those that stay (sticky) win; then, where scoring is asked for, those with the most keys
found; then one that was told already; then the override of the highest order; then chance, by weight.
"""

from collections.abc import Callable, Collection, Sequence

from characters.lore.book import Entry


def losers(
    fired: Sequence[Entry],
    *,
    told: Collection[str],
    sticky: Collection[int],
    score: Callable[[Entry], int],
    chance: Callable[[str], float],
) -> dict[int, str]:
    """Which of the `fired` entries, in order of precedence, give way in their groups: numbers and groups.

    `told` are groups of which an entry was told already; `chance` gives a number from 0 to below 1.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in fired:
        for name in entry.rules.groups:
            groups.setdefault(name, []).append(entry)
    gone: dict[int, str] = {}
    for name, members in groups.items():
        rivals = [entry for entry in members if entry.number not in gone]
        kept = _kept(name, rivals, told=name in told, sticky=sticky, score=score, chance=chance)
        for entry in rivals:
            if entry.number not in kept:
                gone[entry.number] = name
    return gone


def _kept(
    name: str,
    rivals: Sequence[Entry],
    *,
    told: bool,
    sticky: Collection[int],
    score: Callable[[Entry], int],
    chance: Callable[[str], float],
) -> set[int]:
    staying = {entry.number for entry in rivals if entry.number in sticky}
    if staying:
        return staying
    if told:
        return set()
    if len(rivals) > 1 and any(entry.rules.group_scoring for entry in rivals):
        scores = {entry.number: score(entry) for entry in rivals}
        best = max(scores.values())
        rivals = [e for e in rivals if not e.rules.group_scoring or scores[e.number] == best]
    if len(rivals) <= 1:
        return {entry.number for entry in rivals}
    first = [entry for entry in rivals if entry.rules.group_override]
    if first:
        return {max(first, key=lambda entry: entry.insertion_order).number}
    drawn = chance(f"group {name}") * sum(entry.rules.group_weight for entry in rivals)
    for entry in rivals:
        drawn -= entry.rules.group_weight
        if drawn < 0:
            return {entry.number}
    return {rivals[-1].number}
