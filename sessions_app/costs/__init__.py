"""What conversations use of providers, what that costs, and how much may be spent. No words, no visitors."""

from sessions_app.costs import counting, figures
from sessions_app.costs.counting import add, forget, keep
from sessions_app.costs.meter import Meter
from sessions_app.costs.prices import NOTHING, Cost, PriceList

__all__ = ["NOTHING", "Cost", "Meter", "PriceList", "add", "counting", "figures", "forget", "keep"]
