"""What conversations use of providers, what that costs, and how much may be spent. No words, no visitors."""

from sessions_app.costs import counting
from sessions_app.costs.counting import add, forget, keep
from sessions_app.costs.meter import Meter

__all__ = ["Meter", "add", "counting", "forget", "keep"]
