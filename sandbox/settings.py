"""What can be chosen about one sandbox, and the figures that are the same for all."""

import math
from dataclasses import dataclass

PATH = "/api/platform/v1/products/inventories/batches"
MAX_RECORDS = 1_000
MAX_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """One sandbox. Names are those of the registries; an unknown one is refused when the server is built."""

    keys: tuple[str, ...] = ("sandbox-key", "sandbox-key-2")
    limit: int = 100  # requests per window and key
    window_s: float = 10.0
    limiter: str = "fixed-first"
    dialects: tuple[str, ...] = ()
    defect: str | None = None
    database: str = ":memory:"  # or the path of an SQLite file

    def __post_init__(self) -> None:
        if self.limit < 1 or not 0 < self.window_s < math.inf:
            raise ValueError(f"a limit of {self.limit} per {self.window_s} s is no allowance")
        if not self.keys or not all(self.keys):
            raise ValueError("at least one key, and none of them empty")
