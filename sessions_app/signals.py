"""Signals of sessions. Receivers get `session_ids`, a list of UUIDs."""

from django.dispatch import Signal

# The data keys of sessions were rewrapped; receivers rewrap what else the key ring protects, and answer with
# a sentence if something still needs an older key.
keys_rotated = Signal()
account_reduced = Signal()  # disabled, or no longer staff: receivers get its number, `pk`
sessions_over = Signal()  # ended, expired or erased, by whomever: live connections are to be closed
# A visitor, or a program or somebody at the command line on their behalf, has erased: receivers get `by`
# ("visitor", "key" or "command"), `removed` (counts), the `visitor`, and where there is one, `session_id` and
# `request`.
sessions_erased = Signal()
# What a character remembers of a visitor has changed, or whether it may: receivers get `visitor` and
# `character`.
memories_changed = Signal()
# What events tell of, after its commit: receivers get a `happening` (`sessions_app.outbox.Happening`), which
# has no words. They run in a database thread, and one that raises harms nothing.
happened = Signal()
