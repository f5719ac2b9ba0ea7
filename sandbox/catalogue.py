"""The invented catalogue: which product, article and store the sandbox knows."""

import csv
from pathlib import Path

from sandbox.server import Reference

CATALOGUE = Path(__file__).with_name("catalogue.csv")


def load_catalogue(path: Path = CATALOGUE) -> frozenset[Reference]:
    """The rows of a CSV file with the columns product_ref, sku, store_ref."""
    with path.open(newline="", encoding="utf-8") as file:
        return frozenset((row["product_ref"], row["sku"], row["store_ref"]) for row in csv.DictReader(file))
