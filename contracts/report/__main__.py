"""`python -m contracts.report RUN` makes report.html again from what the run's folder holds."""

import sys
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import UndefinedError

from contracts.command import USAGE_ERROR, Parser, run
from contracts.report.document import SCHEMA, write_page


def main(arguments: list[str] | None = None) -> int:
    """Exit 0; 4 for a folder that holds no readable report, in one line."""
    parser = Parser(
        prog="python -m contracts.report",
        description="Make a run's report.html again, from its report.json and history; sends nothing.",
    )
    parser.add_argument(
        "run", type=Path, nargs="?", default=Path(".runs/latest"), help="its folder (default %(default)s)"
    )
    folder = parser.parse_args(arguments).run
    try:
        write_page(folder, _read(folder / "report.json"))
    except OSError as error:
        return _refuse(f"no report can be made of {folder}: {error.strerror}: {error.filename}")
    except ValueError as error:
        return _refuse(f"no report can be made of {folder}: {error}")
    except (LookupError, TypeError, AttributeError, UndefinedError) as error:  # the same schema, by other hands
        return _refuse(f"no report can be made of {folder}: report.json is not as it was written: {error}")
    print(folder / "report.html")
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return USAGE_ERROR


def _read(path: Path) -> dict[str, Any]:
    document: object = msgspec.json.decode(path.read_bytes())
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"{path.name} is no report of schema {SCHEMA}")
    return document


if __name__ == "__main__":
    run(main)
