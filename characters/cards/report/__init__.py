"""What an import says of a card: what it holds, what of it has no effect here, which language it speaks."""

from characters.cards.report.contents import describe, tell_language
from characters.cards.report.language import guess

__all__ = ["describe", "guess", "tell_language"]
