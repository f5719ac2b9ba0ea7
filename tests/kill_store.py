"""A hundred writers of one database, each killed in the middle of its work: `python -m tests.kill_store DATABASE`.

Forks, so that a life costs milliseconds. Prints one line: lives, batches acknowledged, and what was wrong.
"""

import os
import random
import signal
import sys
import time
from contextlib import closing

from sandbox.app import create_app
from sandbox.batches import settle
from sandbox.catalogue import load_catalogue
from sandbox.settings import Settings
from sandbox.store import Store

LIVES = 100
ROWS = sorted(load_catalogue())[:40]
LONGEST_LIFE_S = 0.04


def write_for_ever(database: str, quantity: int, told: int) -> None:
    """Batches of one quantity each, counting up; each is acknowledged once it is stored."""
    server = create_app(Settings(database=database)).server
    while True:
        quantity += 1
        records: list[object] = [
            {"product_ref": p, "sku": s, "store_ref": t, "quantity": quantity, "at": "2021-01-01T00:00:00Z"}
            for p, s, t in ROWS
        ]
        with server.store.transaction():
            server[settle](records)
        os.write(told, quantity.to_bytes(4, "big"))


def live_and_die(database: str, quantity: int, seconds: float) -> int:
    """One writer's life; returns the last quantity that it acknowledged."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        write_for_ever(database, quantity, tell)
    os.close(tell)
    first = os.read(hear, 4)  # it is at work
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said = first
    while piece := os.read(hear, 65_536):
        said += piece
    os.close(hear)
    return int.from_bytes(said[-4:], "big")


def main(database: str) -> int:
    """Exit 1 where a batch was half there, or one that was acknowledged was not."""
    chance = random.Random(1)  # noqa: S311 — moments, not secrets
    quantity, wrong = 0, []
    for life in range(LIVES):
        acknowledged = live_and_die(database, quantity, chance.random() * LONGEST_LIFE_S)
        with closing(Store(database)) as store:
            kept = {level.quantity for level in store.levels()}
        if kept not in ({acknowledged}, {acknowledged + 1}):
            wrong.append(f"life {life}: {sorted(kept)} after {acknowledged} was acknowledged")
        quantity = max(kept)
    print(f"{LIVES} lives, {quantity} batches, {len(wrong)} wrong. {'; '.join(wrong[:3])}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
