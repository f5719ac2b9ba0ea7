"""A recorded request as a command that sends it again, to be pasted into bash. Sends nothing itself.

The key stands in it as `$BSPK_API_KEY` or an expression on that name, which the reader's own shell fills in. Only
expressions known here are left to the shell; any other text, whatever it holds, is quoted.
"""

import re
import shlex

from contracts.exchanges.exchange import Request

_EXPRESSION = re.compile(
    r"(\$BSPK_API_KEY(?:_2)?(?![A-Za-z0-9_])"
    r"|\$\{BSPK_API_KEY(?:[%#]\?|\^\^|,,|~~|:[0-9]+(?::-?[0-9]+)?)?\}"
    r"|\$\(printf %s \"\$BSPK_API_KEY\" \| (?:rev|base64 -w0)\))"
)
_BY_CURL = {"accept-encoding", "connection", "content-length", "host", "transfer-encoding", "user-agent"}
_LIVE = re.compile(r"[\"\\`$!]")  # what an interactive bash would act on inside double quotes
_LONGEST_ARGUMENT = 100_000  # bytes; Linux allows one argument of a command 128 KiB


def curl(base_url: str, request: Request) -> str:
    """The command, of one line unless the body holds line breaks; it prints the answer with its head."""
    feed, data = _body(request.body) if request.body or request.method == "POST" else ("", [])
    method = [] if request.method == "POST" else ["-X", shlex.quote(request.method)]
    url = base_url + request.path
    plain = ["--globoff"] if re.search(r"[\[\]{}]", url) else []
    words = ["curl", "-sSi", *plain, *method, shlex.quote(url), *_headers(request), *data]
    return feed + " ".join(words)


def _headers(request: Request) -> list[str]:
    words: list[str] = []
    for name, value in request.headers:
        if name.lower() not in _BY_CURL:
            # curl takes `Name:` for "leave it out", and `Name;` for "send it empty".
            words += ["-H", _quote(f"{name}: {value}" if value else f"{name};")]
    if request.body and request.header("Content-Type") is None:
        words += ["-H", "'Content-Type:'"]
    return words


def _quote(text: str) -> str:
    """The text in quotes, with the expressions on the key left for bash to fill in."""
    literal, expressions = _EXPRESSION.split(text)[::2], _EXPRESSION.findall(text)
    if not expressions:
        return shlex.quote(text)
    if not any(_LIVE.search(part) for part in literal):
        return f'"{text}"'
    parts = _EXPRESSION.split(text)
    return "".join(f'"{part}"' if number % 2 else shlex.quote(part) for number, part in enumerate(parts) if part)


def _body(body: bytes) -> tuple[str, list[str]]:
    """What feeds curl, with a pipe, and curl's own words for it."""
    text = _readable(body)
    if text is None:
        return f"printf '%b' '{_escaped(body)}' | ", ["--data-binary", "@-"]
    if len(body) > _LONGEST_ARGUMENT:
        return f"printf '%s' {_single(text)} | ", ["--data-binary", "@-"]
    return "", ["--data-raw", _single(text)]


def _readable(body: bytes) -> str | None:
    """The body as text that can be pasted as it is; None where it holds bytes that a terminal acts on."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if text.replace("\n", "").isprintable() else None


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(body: bytes) -> str:
    r"""Printable ASCII as it is, any other byte as `\0` and three octal digits (POSIX, printf, conversion b)."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\0{byte:03o}" for byte in body)
