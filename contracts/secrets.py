"""The API key: kept from sight, struck out of whatever is written, and put into a request at the last moment.

Everywhere else the key stands as `$BSPK_API_KEY`, and a near miss of it as a shell expression on that name, so that a
recorded request can be repeated by `curl` and gives nothing away. Reads no environment, writes nothing.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

NAME = "BSPK_API_KEY"
SIGN = f"${NAME}"  # what stands in the key's place
SHORTEST = 8  # characters; a shorter text would be struck out of innocent words
SHORTEST_CUT = 12  # characters from which on a key less one character is still no word of anybody's


class Secret:
    """A key that shows itself to `reveal` alone. Raises ValueError for what `check_key` would not pass."""

    __slots__ = ("_forms", "_pattern", "_value")

    def __init__(self, value: str) -> None:
        if fault := check_key(value):
            raise ValueError(fault)
        self._value = value
        self._forms = tuple(sorted(set(_forms_of(value)), key=lambda form: (-len(form), form)))
        alternatives = "|".join(re.escape(form) for form in self._forms)
        # A sign that stands there already is passed over whole, even where the key looks like its name.
        self._pattern = re.compile(rf"(\$\{{?{NAME})|{alternatives}", re.ASCII | re.IGNORECASE)

    def __repr__(self) -> str:
        return f"Secret({SIGN})"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be pickled")

    def reveal(self) -> str:
        """The key itself, for the one who puts it on the wire."""
        return self._value

    def forms(self) -> tuple[str, ...]:
        """Every text that gives the key away, longest first: encoded, in other cases, reversed, less an end."""
        return self._forms

    def strike(self, text: str) -> str:
        """The text with `$BSPK_API_KEY` for each form of the key, in any case; an expression on the sign survives."""
        lowered = text.lower()
        if not any(form.lower() in lowered for form in self._forms):
            return text
        return self._pattern.sub(lambda match: match[1] or SIGN, text)

    def strike_bytes(self, body: bytes) -> bytes:
        """As `strike`, on bytes of any encoding that keeps ASCII."""
        return self.strike(body.decode("latin-1")).encode("latin-1")


def check_key(value: str | None) -> str | None:
    """One line on why this cannot be a key, never showing it; None for a usable one."""
    if not value:
        return f"{NAME} is not set: the API key comes from this environment variable alone"
    if not re.fullmatch(r"[!-~]+", value):
        return f"{NAME} has white space, control or non-ASCII characters: was more than the key copied?"
    if len(value) < SHORTEST:
        return f"{NAME} is shorter than {SHORTEST} characters: it could not be told from other text in a report"
    return None


def evaluate(expression: str, key: str) -> str:
    """An `Authorization` value with the key in the place of its shell expression, as bash would put it there.

    Literal text stays as it is. Raises ValueError for a `$` that begins none of the expressions known here.
    """
    return "".join(_evaluated(part, key) for part in _PART.findall(expression))


def _forms_of(value: str) -> Iterator[str]:
    yield from (value, value.swapcase(), value.upper(), value.lower())
    yield quote(value, safe="")
    escaped = json.dumps(value)[1:-1]
    yield from (escaped, escaped.replace("/", "\\/"))
    for standard in _in_base64(value.encode()):
        yield from (standard, standard.translate(str.maketrans("+/", "-_")))
    if len(value) > SHORTEST_CUT:
        yield from (value[:-1], value[1:], value[::-1])


def _in_base64(value: bytes) -> Iterator[str]:
    """The characters that are the same whatever stands before and behind (RFC 4648: six bits a character)."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + value).decode()
        first_whole = -(-before * 8 // 6)
        yield encoded[first_whole : (before + len(value)) * 8 // 6]


_SIGNED = r"\$BSPK_API_KEY(?![A-Za-z0-9_])|\$\{BSPK_API_KEY[^}]*\}|\$\(printf %s \"\$BSPK_API_KEY\" \| [^)]*\)"
_PART = re.compile(rf"{_SIGNED}|\$|[^$]+")
_SLICE = re.compile(r"\$\{BSPK_API_KEY:(0|[1-9][0-9]*)(?::(0|-?[1-9][0-9]*))?\}")
_TURNS: dict[str, Callable[[str], str]] = {
    "$BSPK_API_KEY": lambda key: key,
    "${BSPK_API_KEY}": lambda key: key,
    "${BSPK_API_KEY%?}": lambda key: key[:-1],
    "${BSPK_API_KEY#?}": lambda key: key[1:],
    "${BSPK_API_KEY^^}": str.upper,
    "${BSPK_API_KEY,,}": str.lower,
    "${BSPK_API_KEY~~}": str.swapcase,
    '$(printf %s "$BSPK_API_KEY" | rev)': lambda key: key[::-1],
    '$(printf %s "$BSPK_API_KEY" | base64 -w0)': lambda key: base64.b64encode(key.encode()).decode(),
}


def _evaluated(part: str, key: str) -> str:
    if not part.startswith("$"):
        return part
    if turn := _TURNS.get(part):
        return turn(key)
    if found := _SLICE.fullmatch(part):
        return _sliced(key, int(found[1]), None if found[2] is None else int(found[2]))
    raise ValueError(f"not an expression on the key that is known here: {part}")


def _sliced(key: str, start: int, length: int | None) -> str:
    """bash's substring: a negative length is counted from the end, and may not fall before the start."""
    if length is None:
        return key[start:]
    end = start + length if length >= 0 else len(key) + length
    if end < start <= len(key):
        raise ValueError(f"no substring of the key goes from {start} to {end}")
    return key[start:end]
