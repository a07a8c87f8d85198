"""The search of one scan: which texts an entry is looked for in, and what its keys and decorators say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from characters.lore.book import Entry, Lorebook
from characters.lore.keys import Key, Searched, found
from characters.lore.rules.meaning import Nearness, verdict
from characters.lore.rules.sillytavern import Logic
from characters.text import Reason, because

MARK = "\x01"
EVERYWHERE = -1  # no depth: a recursive round looks into all messages and what entries said
# Made once: a book has a thousand entries, nearly all of which are looked for in vain on every turn.
UNDECIDED, ALWAYS, NO_KEYS = Reason("", {}), because("always"), because("it has no keys")
SCAN_CHARACTERS = 6000  # of the newest messages; more would not be read in time
LOOK_AT_ONCE = 16  # plain keys between two looks at the clock


class OutOfTime(Exception):
    """The scan has had its time."""


@cache
def _places(depth: int) -> tuple[Reason, Reason]:
    """Where is looked, in words, and that no key is there."""
    if depth == EVERYWHERE:
        where = because("in the messages and other entries")
    else:
        where = because("in the last {count} messages", count=depth)
    return where, because("none of its keys is {where}", where=where)


class Search:
    """What the entries of a book are looked for in, at one turn."""

    def __init__(
        self,
        book: Lorebook,
        messages: Sequence[str],
        *,
        replies: int,
        greeting: int,
        also: Mapping[str, str],
        near: Mapping[int, Nearness],
        fill: Callable[[str], str],
        fill_pattern: Callable[[str], str],
        clock: Callable[[], float],
        until: float,
    ) -> None:
        self.book, self.messages = book, messages
        self.replies, self.greeting, self.also = replies, greeting, also
        self.near = near
        self.fill, self.fill_pattern = fill, fill_pattern
        self.clock, self.until = clock, until
        self._told: list[str] = []  # by entries that fired
        self._texts: dict[tuple[int, bool, tuple[str, ...]], Searched] = {}
        self._looked = 0

    def check_time(self) -> None:
        if self.clock() > self.until:
            raise OutOfTime

    def add(self, told: Iterable[str]) -> None:
        """What entries say may call for others from now on."""
        if new := [words for words in told if words]:
            self._told += new
            self._texts.clear()

    def text(self, entry: Entry) -> Searched:
        """The newest messages as deep as the entry asks, with what entries said."""
        rules, depth = entry.rules, self.depth(entry)
        which = (depth, rules.written, rules.also)
        text = self._texts.get(which)
        if text is None:
            text = self._texts[which] = self._made(depth, rules.also, by_sillytavern=rules.written)
            if self.book.has_many_keys:
                text.prepare()
        return text

    def _made(self, depth: int, also: tuple[str, ...], *, by_sillytavern: bool) -> Searched:
        if depth <= 0:
            return Searched("")
        more = [self.also[name][:SCAN_CHARACTERS] for name in also if self.also.get(name)]
        told = "\n".join(self._told)[-SCAN_CHARACTERS:]
        said = self.messages[-depth:]
        if not by_sillytavern:
            newest = "\n".join(said)[-SCAN_CHARACTERS:]
            return Searched("\n".join(filter(None, (newest, *more, told))))
        # As SillyTavern has it: the newest message first, each after a mark, so that no pattern's ^ finds it.
        newest = f"\n{MARK}".join(map(str.strip, reversed(said)))[:SCAN_CHARACTERS]
        return Searched(MARK + f"\n{MARK}".join(filter(None, (newest, *more, told))))

    def depth(self, entry: Entry) -> int:
        for asked in (entry.decorators.scan_depth, entry.rules.scan_depth):
            if asked is not None:
                return asked
        return self.book.scan_depth

    def has(self, key: Key, entry: Entry, text: Searched) -> bool:
        self._looked += 1
        if key.macros or key.flags is not None or self._looked % LOOK_AT_ONCE == 0:
            self.check_time()
        return found(
            key,
            text,
            fill=self.fill,
            fill_pattern=self.fill_pattern,
            case_sensitive=entry.case_sensitive,
            whole_words=entry.whole_words,
            ascii_words=entry.rules.written,
        )

    def first(self, keys: Iterable[Key], entry: Entry, text: Searched) -> str:
        """The first of these keys that the text has, '' if it has none."""
        for key in keys:
            if key.plain and not text.may_have(key.folded):  # nearly all of a large book
                self._looked += 1
                if self._looked % LOOK_AT_ONCE == 0:
                    self.check_time()
            elif self.has(key, entry, text):
                return key.shown
        return ""

    def score(self, entry: Entry) -> int:
        """How many keys are there, as SillyTavern counts them for groups."""
        if not entry.keys:
            return 0
        text = self.text(entry)
        try:
            first = sum(self.has(key, entry, text) for key in entry.as_keys(entry.keys))
            more = sum(self.has(key, entry, text) for key in entry.as_keys(entry.secondary_keys))
        except OutOfTime:
            return 0
        whole = entry.rules.logic is Logic.AND_ALL and more == len(entry.secondary_keys)
        return first + more if whole or entry.rules.logic is Logic.AND_ANY else first

    def decorated(self, entry: Entry, called: bool, sticky: bool) -> tuple[bool | None, Reason]:
        """What decorators decide before any key is looked for; None if the keys decide."""
        wants = entry.decorators
        if wants.activate:
            return True, Reason("@@activate", {})
        if wants.dont_activate:
            return False, Reason("@@dont_activate", {})
        if called and wants.keep_activate_after_match:
            return True, because("was called for earlier ({rule})", rule="@@keep_activate_after_match")
        if called and wants.dont_activate_after_match:
            return False, because("was called for earlier ({rule})", rule="@@dont_activate_after_match")
        if wants.is_greeting is not None and wants.is_greeting != self.greeting:
            return False, because("only with greeting {number}", number=wants.is_greeting)
        if wants.activate_only_after is not None and self.replies < wants.activate_only_after:
            return False, because("only after {count} replies", count=wants.activate_only_after)
        if wants.activate_only_every is not None and self.replies % wants.activate_only_every:
            return False, because("only every {count} replies", count=wants.activate_only_every)
        if sticky and not entry.constant:
            return True, because("it stays (sticky)")
        return None, UNDECIDED

    def judge(self, entry: Entry, recursing: bool) -> tuple[bool, Reason]:
        """Whether the keys call for the entry, and why."""
        wants, text = entry.decorators, self.text(entry)
        where, nowhere = _places(EVERYWHERE if recursing else self.depth(entry))
        if not entry.patterns:
            if kept_away := self.first(entry.as_keys(wants.exclude_keys), entry, text):
                return False, because("kept away by “{key}”", key=kept_away)
            if wants.additional_keys and not self.first(entry.as_keys(wants.additional_keys), entry, text):
                return False, because("none of its additional keys is there")
        if entry.constant:
            return True, ALWAYS
        keys = self.book.keys_of(entry)
        key = self.first(keys, entry, text)
        if not key:
            if entry.rules.vectorized and (near := self.near.get(entry.number)):
                return verdict(near, entry.rules.percent)
            return False, nowhere if keys else NO_KEYS
        if not entry.selective or not entry.secondary_keys or entry.patterns:
            return True, because("“{key}” {where}", key=key, where=where)
        return self.selected(key, entry, text, where)

    def selected(self, key: str, entry: Entry, text: Searched, where: Reason) -> tuple[bool, Reason]:
        """Whether the secondary keys agree."""
        there = [k.shown for k in entry.as_keys(entry.secondary_keys) if self.has(k, entry, text)]
        all_there = len(there) == len(entry.secondary_keys)
        match entry.rules.logic:
            case Logic.AND_ANY if not there:
                return False, because(
                    "“{key}” is {where}, but none of its secondary keys", key=key, where=where
                )
            case Logic.AND_ALL if not all_there:
                return False, because(
                    "“{key}” is {where}, but not all of its secondary keys", key=key, where=where
                )
            case Logic.NOT_ANY if there:
                return False, because(
                    "“{key}” is {where}, but so is “{other}”, which keeps it away",
                    key=key,
                    where=where,
                    other=there[0],
                )
            case Logic.NOT_ALL if all_there:
                return False, because(
                    "“{key}” is {where}, but so are all of its secondary keys, which keep it away",
                    key=key,
                    where=where,
                )
        if there:
            return True, because("“{key}” and “{other}” {where}", key=key, other=there[0], where=where)
        return True, because("“{key}” {where}", key=key, where=where)
