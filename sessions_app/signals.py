"""What others may want to know of sessions. Receivers get `session_ids`, a list of UUIDs."""

from django.dispatch import Signal

# The data keys of sessions were rewrapped; receivers rewrap what else the key ring protects.
keys_rotated = Signal()
sessions_over = Signal()  # ended, expired or erased, by whomever: live connections are to be closed
