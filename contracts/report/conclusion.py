"""All that a report is made of: the history, the rulings on it, and how the run went. Knows no format."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.finding import Ruling
from contracts.history.story import Story


@dataclass(frozen=True)
class Conclusion:
    """A run at its end. `requests` counts everything sent, the `retries` of findings among them."""

    story: Story
    rulings: tuple[Ruling, ...]
    requests: int
    retries: int
    first_finding_at: int | None  # requests sent before the first finding
    duration_s: float
    certainty: Mapping[str, str]  # promise id -> "always", "k of n" or "in sequence"
    reason: str | None  # why the run ended early, where it did
    load: Mapping[str, Mapping[str, object]] | None = None  # a load scenario's figures, by its name
