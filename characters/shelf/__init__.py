"""The shelf: documents that characters have, kept once each, shared between them, and given up."""

from characters.shelf.files import FOLDER, packed, unpack
from characters.shelf.keeping import DocumentRefused, delete, give, most_bytes, room, share, take_away
from characters.shelf.leases import LEASE_SECS, Lease
from characters.shelf.unused import delete_unused, delete_unused_on_change

__all__ = [
    "FOLDER",
    "LEASE_SECS",
    "DocumentRefused",
    "Lease",
    "delete",
    "delete_unused",
    "delete_unused_on_change",
    "give",
    "most_bytes",
    "packed",
    "room",
    "share",
    "take_away",
    "unpack",
]
