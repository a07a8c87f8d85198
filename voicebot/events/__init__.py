"""Events out: what waits in the outbox is posted to its endpoints, signed as Standard Webhooks does it."""

from voicebot.events.delivery import EventDelivery
from voicebot.events.payloads import body_of
from voicebot.events.trouble import note_trouble

__all__ = ["EventDelivery", "body_of", "note_trouble"]
