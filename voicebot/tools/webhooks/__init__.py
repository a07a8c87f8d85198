"""Webhooks: tools that ask a server over HTTPS, which nothing that it answers leads anywhere else."""

from voicebot.tools.webhooks import kind
from voicebot.tools.webhooks.asking import Asking, HookFailed

__all__ = ["Asking", "HookFailed", "kind"]
