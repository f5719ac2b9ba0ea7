"""Keeps pytest at home: with `--catalogue /elsewhere/stock.csv`, it would look for its settings there, and find none.

pytest chooses its settings by the paths on the command line before any plugin has told it which options take a path.
This entry point, which knows nothing else, then starts it again with the settings of the folder it was called in.
"""

import os
import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before pytest's capture takes standard output away
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Where no settings were found and this folder is the project's root: the same command again, with `-c`."""
    home = early_config.invocation_params.dir
    if early_config.inipath is None and (home / "contracts" / "plugin.py").is_file():
        arguments = map(str, early_config.invocation_params.args)
        command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", *arguments]
        os.execv(sys.executable, command)  # noqa: S606 — the same interpreter, the same arguments
    yield
