"""Signals of characters."""

from django.dispatch import Signal

# Sent after the commit, with slug, version (the published number, None if none is) and draft (whether only
# the draft has changed): the voice side passes it on to those who talk with the character.
character_changed = Signal()

# Sent within the transaction that deletes a document for good, with the sha256 of its file.
document_deleted = Signal()

# Sent within the transaction that gives a character another address, with old and new: what refers to it by
# its address follows there.
character_moved = Signal()
