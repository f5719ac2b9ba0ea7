"""What the user gave, checked before anything is sent: the target, the catalogue, the key, where the run goes.

Every mistake is a `UsageError` of one line, which says what was wrong and what to do. Sends nothing itself; without a
target it starts the embedded sandbox, as a process of its own.
"""

import csv
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

from contracts.exchanges.records import REFERENCE_FIELDS, Reference
from contracts.history.secrets import NAME, NAME_2, Secret, check_key
from openapi.document import load_document

ROOT = Path(__file__).resolve().parents[2]
SANDBOX_CATALOGUE = ROOT / "sandbox" / "catalogue.csv"
SANDBOX_KEY = "sandbox-key"
_OURS = {"authorization", "connection", "content-length", "content-type", "host", "transfer-encoding"}  # headers


class UsageError(Exception):
    """The invocation cannot be meant: one line on what was wrong and what to do. Nothing has been sent."""


def check_base_url(text: str) -> str:
    """The URL under which the operation's path lies, less any trailing slash."""
    if not text:
        raise UsageError("the base URL is empty: give the server's, or leave the option out for the embedded sandbox")
    if not re.fullmatch(r"[!-\[\]-~]+", text):
        raise UsageError(f"the base URL {_shown(text)!r} has white space, a backslash or characters beyond ASCII")
    try:
        parts = urlsplit(text)
        fault = "has port 0, on which nothing listens" if parts.port == 0 else _fault_of(parts, text)
    except ValueError as error:
        fault = f"is none: {error}"
    if fault:
        raise UsageError(f"the base URL {_shown(text)} {fault}")
    return text.rstrip("/")


def _fault_of(parts: SplitResult, text: str) -> str | None:
    if parts.scheme not in ("http", "https"):
        return "does not begin with http:// or https://"
    if "@" in parts.netloc:
        return f"holds credentials: leave them out, the key is read from {NAME}"
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", parts.hostname or ""):
        return "names no host"
    if "?" in text or "#" in text:
        return "has a query or a fragment: leave it out"
    if parts.path.rstrip("/").endswith(load_document().operation_path):
        return f"goes too far: leave out {load_document().operation_path}, which is put behind it"
    return None


def _shown(text: str) -> str:
    """Without credentials and whatever a query may hold: neither is a line for a terminal's scrollback."""
    return re.sub(r"([?#]).*", r"\1…", re.sub(r"^([a-zA-Z]*://)?[^/?#]*@", r"\1…@", text), flags=re.DOTALL)


def check_allowed(base_url: str, allow_production: bool) -> None:
    """Refuse the document's own server, under any port or spelling of its name, unless it was asked for by name."""
    production = load_document().production_url
    if not allow_production and _host(base_url) == _host(production):
        raise UsageError(f"{base_url} is the document's production server: to send it traffic add --allow-production")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower().rstrip(".")


# What the reason says why nothing was reached, and what to do; the first that fits.
_HINTS = (
    ("mismatch", "Its certificate is for another name."),
    ("CERTIFICATE_VERIFY_FAILED", "If an authority of your own signed its certificate: --ca-bundle FILE."),
    ("SSL", "Does it speak TLS there? If not, begin with http://"),
    ("gaierror", "Is the name right?"),
    ("", "Is it running?"),
)


def unreachable(base_url: str, reason: str) -> UsageError:
    """Not one request was answered, for that reason."""
    hint = next(hint for sign, hint in _HINTS if sign in reason)
    return UsageError(f"{base_url} cannot be reached: {reason}. {hint}")


def read_catalogue(path: Path, name: str = "the catalogue") -> tuple[Reference, ...]:
    """The references of a CSV with the columns product_ref, sku and store_ref; others are ignored."""
    what = f"{name} {path}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            places = _columns(what, next(rows, []))
            lines: dict[Reference, int] = {}
            for number, reference in _references(what, ((rows.line_num, row) for row in rows), places):
                if first := lines.get(reference):
                    raise UsageError(f"{what} has line {first} again on line {number}: leave one out")
                lines[reference] = number
    except OSError as error:
        raise UsageError(f"{what} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{what} is no CSV in UTF-8: {error}") from None
    if not lines:
        raise UsageError(f"{what} has no references below its header: give at least one")
    return tuple(lines)


def _columns(what: str, header: Sequence[str]) -> list[int]:
    if not header:
        raise UsageError(f"{what} is empty: it needs the header {','.join(REFERENCE_FIELDS)}")
    for name in REFERENCE_FIELDS:
        if header.count(name) != 1:
            fault = "has twice" if name in header else "lacks"
            raise UsageError(f"{what} {fault} the column {name} (columns are separated by commas)")
    return [header.index(name) for name in REFERENCE_FIELDS]


def _references(what: str, rows: Iterable[tuple[int, list[str]]], places: list[int]) -> Iterator[tuple[int, Reference]]:
    """Each row's line number with its reference; blank lines are passed over."""
    for number, row in rows:
        if not row:
            continue
        cells = [row[place] if place < len(row) else "" for place in places]
        for name, cell in zip(REFERENCE_FIELDS, cells, strict=True):
            if not cell.strip():
                raise UsageError(f"{what} has no {name} on line {number}")
        yield number, (cells[0], cells[1], cells[2])


def key_from(environ: Mapping[str, str]) -> Secret:
    """The API key, from the environment alone, and the second one if it is set."""
    value, second = environ.get(NAME), environ.get(NAME_2) or None
    if fault := check_key(value):
        raise UsageError(f"{fault}; set it by: export {NAME}=…")
    if second is not None and (fault := check_key(second, NAME_2)):
        raise UsageError(f"{fault}; it may as well be unset")
    if second == value:
        raise UsageError(f"{NAME_2} is the same key as {NAME}: give another one, or unset it")
    return Secret(value or "", second)


def check_header(text: str) -> tuple[str, str]:
    """A gateway's header `Name: value` (RFC 9110, 5.1 and 5.5), to be sent with every request."""
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    if not colon or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not re.fullmatch(r"[ -~\t]+", value):
        shown = f"after {name[:40]!r}" if colon else "without a colon"  # which may be a secret
        raise UsageError(f"--header takes 'Name: value' in ASCII, not what was given {shown}")
    if name.lower() in _OURS:
        raise UsageError(f"--header {name}: the harness sets this header itself (the key is read from {NAME})")
    return name, value


def check_ca_bundle(path: Path) -> None:
    """Whether certificates can be read from it."""
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise UsageError(f"--ca-bundle {path} holds no certificates in PEM") from None
    except OSError as error:
        raise UsageError(f"--ca-bundle {path} cannot be read: {error.strerror}") from None


class EmbeddedSandbox:
    """`python -m sandbox` on a free port of the loopback interface, for as long as the context lasts.

    It also ends when this process does, in whatever way. Raises RuntimeError where it does not start.
    """

    key = SANDBOX_KEY
    catalogue = SANDBOX_CATALOGUE

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "sandbox", "--port", "0", "--exit-with-stdin", *arguments]
        self._process: subprocess.Popen[str] | None = None
        self.base_url = ""

    def __enter__(self) -> "EmbeddedSandbox":
        pipe = subprocess.PIPE
        # A session of its own: Ctrl-C is ours to take, and the sandbox has to answer until we have stopped.
        self._process = subprocess.Popen(  # noqa: S603 — our own module, by our own interpreter
            self._command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, start_new_session=True
        )
        said = list(self._lines_until_ready(self._process))
        if not said or not said[0].startswith("sandbox http://"):
            self.__exit__(None, None, None)
            raise RuntimeError(f"the embedded sandbox did not start: {' '.join(self._command)}")
        self.base_url = said[0].removeprefix("sandbox ")
        return self

    @staticmethod
    def _lines_until_ready(process: subprocess.Popen[str]) -> Iterator[str]:
        for line in process.stdout or ():
            if line == "ready\n":
                return
            yield line.rstrip("\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def make_run_folder(runs_dir: Path, now: datetime) -> Path:
    """A new folder `<runs_dir>/<YYYYmmdd-HHMMSS>`, with `-2`, `-3` … behind it where that exists."""
    name = f"{now:%Y%m%d-%H%M%S}"
    folder, number = runs_dir / name, 1
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not runs_dir.is_dir():
                raise UsageError(f"--runs-dir {runs_dir} is no folder") from None
            number += 1
            folder = runs_dir / f"{name}-{number}"
        except OSError as error:
            raise UsageError(f"--runs-dir {runs_dir}: nothing can be written there: {error.strerror}") from None
        else:
            return folder


def point_latest(folder: Path) -> None:
    """Let `latest`, beside the folder, point to it, in one step. Only a convenience: where it cannot be, it is not."""
    aside = folder.with_name(f".latest-{os.getpid()}")
    with suppress(OSError):
        aside.symlink_to(folder.name, target_is_directory=True)
        aside.replace(folder.with_name("latest"))
    aside.unlink(missing_ok=True)
