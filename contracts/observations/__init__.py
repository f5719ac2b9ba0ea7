"""Where the document is silent: what this server did, one line a question. Pure, and never a verdict."""

from contracts.observations.allowance import LIMITERS
from contracts.observations.observe import NOT_TRIED, OF_NOBODY, Observation, observe

__all__ = ["LIMITERS", "NOT_TRIED", "OF_NOBODY", "Observation", "observe"]
