"""Usage: what services of Pipecat tell of what they were used for, and who counts it."""

from voicebot.usage.apart import BEFOREHAND, DESK, apart
from voicebot.usage.budget_watch import BudgetWatch, last_words
from voicebot.usage.connection_meter import ConnectionMeter
from voicebot.usage.inference import counting, infer, note_inference
from voicebot.usage.recording import model_of, named, provider_of, record
from voicebot.usage.tokens import EstimatedTokens, amounts_of, of_completion
from voicebot.usage.used import Used
from voicebot.usage.watch import UsageObserver, UsageWatch

__all__ = [
    "BEFOREHAND",
    "DESK",
    "BudgetWatch",
    "ConnectionMeter",
    "EstimatedTokens",
    "UsageObserver",
    "UsageWatch",
    "Used",
    "amounts_of",
    "apart",
    "counting",
    "infer",
    "last_words",
    "model_of",
    "named",
    "note_inference",
    "of_completion",
    "provider_of",
    "record",
]
