"""Loaded before the plugin: a pytest of another Python than the project's own is told so in a line."""

from importlib.util import find_spec

import pytest

if find_spec("msgspec") is None:
    raise pytest.UsageError(
        "this Python lacks what the harness needs: make verify sets up .venv/, and . .venv/bin/activate chooses it"
    )
