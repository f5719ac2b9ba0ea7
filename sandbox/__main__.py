"""`python -m sandbox`: one sandbox on the loopback interface, until it is told to stop."""

import argparse
import contextlib
import os
import signal
import sqlite3
import sys
import threading
from types import FrameType
from typing import NoReturn

from sandbox.app import create_app
from sandbox.catalogue import CATALOGUE
from sandbox.defects import DEFECTS
from sandbox.dialects import DIALECTS
from sandbox.limiter import LIMITERS
from sandbox.serving import LOOPBACK, Listener, bind
from sandbox.settings import PATH, Settings

USAGE_ERROR = 4  # as pytest has it
DEFAULT_PORT = 8765
EXAMPLE = """curl -sS {url}{path} -H "Authorization: Bearer $BSPK_API_KEY" -H 'Content-Type: application/json' \
-d '{{"inventories":[{{"product_ref":"{product_ref}","sku":"{sku}","quantity":10,"store_ref":"{store_ref}",\
"at":"2021-01-01T00:00:00Z"}}]}}'"""


class Parser(argparse.ArgumentParser):
    """Argument errors in one line, with our exit code."""

    def error(self, message: str) -> NoReturn:
        fail(message)


def fail(message: str) -> NoReturn:
    """One line on standard error, exit 4."""
    print(f"sandbox: {message}", file=sys.stderr)
    raise SystemExit(USAGE_ERROR)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m sandbox", description=__doc__, allow_abbrev=False)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=100, help="requests per window and key (default: %(default)s)")
    parser.add_argument("--window", type=float, default=10.0, metavar="S", help="seconds (default: %(default)s)")
    parser.add_argument("--limiter", default="fixed-first", metavar="NAME", help="default: %(default)s")
    parser.add_argument("--dialect", action="append", default=[], metavar="NAME", help="may be given more than once")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME", help="one; default: none")
    parser.add_argument("--database", default=":memory:", metavar="FILE", help="an SQLite file; default: in memory")
    parser.add_argument("--list", action="store_true", help="name the limiters, dialects and defects, and end")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes")
    options = parser.parse_args(argv)
    if len(options.defect) > 1:
        parser.error(f"it has one defect at a time: --defect {' or '.join(options.defect)}")
    return options


def settings_from(options: argparse.Namespace) -> Settings:
    return Settings(
        limit=options.limit,
        window_s=options.window,
        limiter=options.limiter,
        dialects=tuple(options.dialect),
        defect=next(iter(options.defect), None),
        database=options.database,
    )


def list_names() -> None:
    for name, limiter in LIMITERS.items():
        print(f"limiter  {name:38} {limiter.__doc__}")
    for name, dialect in DIALECTS.items():
        print(f"dialect  {name:38} {dialect.description}")
    for name, defect in DEFECTS.items():
        print(f"defect   {name:38} {', '.join(defect.promises)}: {defect.description}")


def introduce(url: str, key: str) -> None:
    """The first line is for a parent process, the rest for a person."""
    example = EXAMPLE.format(url=url, path=PATH, **first_row())
    print(f"sandbox {url}", f"catalogue {CATALOGUE}", f"export BSPK_API_KEY={key}", example, sep="\n", flush=True)


def first_row() -> dict[str, str]:
    names, values = CATALOGUE.read_text(encoding="utf-8").splitlines()[:2]
    return dict(zip(names.split(","), values.split(","), strict=True))


def serve(settings: Settings, port: int, *, exit_with_stdin: bool) -> None:
    """Until SIGINT, SIGTERM or the end of standard input. ValueError, sqlite3.Error, OSError: it cannot start."""
    app = create_app(settings)
    listening = bind(port)
    introduce(f"http://{LOOPBACK}:{listening.getsockname()[1]}", settings.keys[0])
    listener = Listener(app, when_ready=lambda: print("ready", flush=True))

    def stop(_number: int, _frame: FrameType | None) -> None:
        listener.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)  # for before uvicorn listens to them, and after, when it raises them again
    if exit_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(listener,), daemon=True).start()
    listener.run(sockets=[listening])


def _stop_with_stdin(listener: Listener) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    listener.should_exit = True


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    if options.list:
        try:
            list_names()
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads it may leave when he has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain at its end
        return 0
    try:
        serve(settings_from(options), options.port, exit_with_stdin=options.exit_with_stdin)
    except (ValueError, OverflowError) as error:
        fail(str(error))
    except sqlite3.Error as error:
        fail(f"the database {options.database}: {error}")
    except BrokenPipeError:
        fail("nobody reads the standard output")
    except OSError as error:
        fail(f"port {options.port}: {error.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
