"""What conversations use of providers, what that costs, and how much may be spent. No words, no visitors."""

from sessions_app.costs import counting, coverage, figures
from sessions_app.costs.budgets import Budgets, Verdict
from sessions_app.costs.counting import add, forget, keep
from sessions_app.costs.meter import Meter
from sessions_app.costs.prices import NOTHING, Cost, PriceList

__all__ = [
    "NOTHING",
    "Budgets",
    "Cost",
    "Meter",
    "PriceList",
    "Verdict",
    "add",
    "counting",
    "coverage",
    "figures",
    "forget",
    "keep",
]
