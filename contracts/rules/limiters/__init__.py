"""The legal limiters that a history of one key may have met, told apart from outside.

Pure: rows in, a survey out. Knows no transport and no header; the caller reads those.
"""

from contracts.rules.limiters.belief import Belief
from contracts.rules.limiters.candidates import CANDIDATES
from contracts.rules.limiters.refutation import Refutation
from contracts.rules.limiters.rows import Row
from contracts.rules.limiters.survey import Inquiry, Survey, explained_by_one, survivors

__all__ = ["CANDIDATES", "Belief", "Inquiry", "Refutation", "Row", "Survey", "explained_by_one", "survivors"]
