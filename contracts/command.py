"""What the commands share: a mistake is one line and exit 4; any terminal, pipe or reader will do.

What came from a server is escaped and bounded on its way in here, so that an answer cannot script the terminal.
"""

import argparse
import os
import sys
import unicodedata
from collections.abc import Callable
from io import TextIOWrapper
from typing import NoReturn, TextIO

LONGEST = 300  # characters of a text that a server had a hand in
MARKS = 4  # on one letter
USAGE_ERROR = 4  # as pytest has it; argparse's own 2 means interrupted here


class Parser(argparse.ArgumentParser):
    """Tells of a mistake without the usage, which --help shows."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see --help", file=sys.stderr)
        raise SystemExit(USAGE_ERROR)


def show_anything(stream: TextIO) -> None:
    """A character that the stream's encoding lacks is shown by its escape."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def run(main: Callable[[], int]) -> NoReturn:
    """The command as a process. Whoever reads its output may leave when he has seen enough."""
    show_anything(sys.stdout)
    show_anything(sys.stderr)
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain at its end
        code = 0
    sys.exit(code)


def safe(text: str, longest: int = LONGEST, keep: str = "") -> str:
    """The text with every character that a terminal acts on, or does not show, by its escape; cut at `longest`.

    So are marks beyond what any script piles on one letter: a hundred would be drawn across the lines above.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    told, marks = [], 0
    for each in cut:
        category = unicodedata.category(each)
        marks = marks + 1 if category[0] == "M" else 0
        shows = each in keep or each == " " or (category[0] not in "CZ" and marks <= MARKS)
        told.append(each if shows else ascii(each)[1:-1])
    return "".join(told)
