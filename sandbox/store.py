"""Stock levels on disk. What a batch wrote is there as a whole or not at all, also after the process was killed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sandbox.records import Instant, Record

SCHEMA = """
CREATE TABLE IF NOT EXISTS inventories (
    product_ref TEXT NOT NULL,
    sku TEXT NOT NULL,
    store_ref TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    at TEXT NOT NULL,
    at_s INTEGER NOT NULL,
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (product_ref, sku, store_ref)
) WITHOUT ROWID
"""
UPSERT = """
INSERT INTO inventories VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (product_ref, sku, store_ref) DO UPDATE
SET quantity = excluded.quantity, at = excluded.at, at_s = excluded.at_s, at_ns = excluded.at_ns
"""
INSTANT = "SELECT at_s, at_ns FROM inventories WHERE product_ref = ? AND sku = ? AND store_ref = ?"
LEVELS = "SELECT product_ref, sku, store_ref, quantity, at FROM inventories ORDER BY product_ref, sku, store_ref"


class Level(NamedTuple):
    """One stored stock level; `at` as it was sent."""

    product_ref: str
    sku: str
    store_ref: str
    quantity: int
    at: str


class Store:
    """The table of stock levels in `database` (a path, or ":memory:"). Raises sqlite3.Error if it cannot be opened."""

    def __init__(self, database: str) -> None:
        self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is put within is kept once the block has ended; nothing of it if the block raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def put(self, record: Record) -> None:
        """Create or update one stock level."""
        self._connection.execute(UPSERT, (*record.reference, record.quantity, record.at, *record.instant))

    def instant(self, record: Record) -> Instant | None:
        """When the stored level for the record's reference became effective; None if there is none."""
        row: tuple[int, int] | None = self._connection.execute(INSTANT, record.reference).fetchone()
        return None if row is None else Instant(*row)

    def levels(self) -> list[Level]:
        """Everything stored, by reference."""
        return [Level(*row) for row in self._connection.execute(LEVELS)]

    def close(self) -> None:
        self._connection.close()
