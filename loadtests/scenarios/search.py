"""The highest rate that is kept: doubled until one is not, then halved between. Pure."""

from dataclasses import dataclass, field

CLOSE = 1.1  # the search ends where the rate not kept is within this of the one kept


@dataclass
class Search:
    """Tell it how each rate went; `rate_per_s` is the next to try, None at the end."""

    rate_per_s: float | None
    most_per_s: float
    kept: float | None = None
    lost: float | None = None  # the lowest rate that was not kept
    why: str = ""  # of that one
    steps: list[dict[str, object]] = field(default_factory=list)

    def tried(self, kept: bool, why: str) -> bool:
        """How the current rate went; `why` is "" or what bound it: limiter, target or generator. Is there a next?"""
        rate = self.rate_per_s
        if rate is None:
            raise ValueError("the search has ended")
        self.steps.append({"rate_per_s": round(rate, 3), "kept": kept, "why": why})
        if kept:
            self.kept = rate
        else:
            self.lost, self.why = rate, why
        self.rate_per_s = self._next(rate)
        return self.rate_per_s is not None

    def _next(self, rate: float) -> float | None:
        if self.lost is None:
            return None if rate >= self.most_per_s else min(rate * 2, self.most_per_s)
        if self.kept is None:
            return self.lost / 2 if self.lost > 0.5 else None
        return None if self.lost / self.kept <= CLOSE else (self.kept * self.lost) ** 0.5

    @property
    def bound_by(self) -> str:
        """What kept it from being higher."""
        return self.why if self.lost is not None else "not found"
