"""The API key: kept from sight, struck out of whatever is written, and put into a request at the last moment.

Everywhere else the key stands as `$BSPK_API_KEY`, and a near miss of it as a shell expression on that name, so that a
recorded request can be repeated by `curl` and gives nothing away. Reads no environment, writes nothing.
"""

import base64
import re
from collections.abc import Callable, Iterator

NAME = "BSPK_API_KEY"
SIGN = f"${NAME}"  # what stands in the key's place
_ENTITIES = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
SHORTEST = 8  # characters; a shorter text would be struck out of innocent words
SHORTEST_CUT = 12  # characters from which on a key less one character is still no word of anybody's


class Secret:
    """A key that shows itself to `reveal` alone. Raises ValueError for what `check_key` would not pass."""

    __slots__ = ("_forms", "_lowered", "_pattern", "_value")

    def __init__(self, value: str) -> None:
        if fault := check_key(value):
            raise ValueError(fault)
        self._value = value
        self._forms = tuple(sorted(set(_forms_of(value)), key=lambda form: (-len(form), form)))
        self._lowered = tuple({form.lower() for form in self._forms})
        alternatives = "|".join([*(re.escape(form) for form in self._forms), *_spelt_of(value)])
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
        """Texts that give the key away, longest first: in other cases, base64, reversed, less an end."""
        return self._forms

    def strike(self, text: str) -> str:
        """The text with `$BSPK_API_KEY` for each form of the key, in any case; an expression on the sign survives."""
        return self._pattern.sub(lambda match: match[1] or SIGN, text) if self._may_stand_in(text) else text

    def stands_in(self, body: bytes) -> bool:
        """Whether any form of the key is there to read."""
        text = body.decode("latin-1")
        return self._may_stand_in(text) and any(not match[1] for match in self._pattern.finditer(text))

    def _may_stand_in(self, text: str) -> bool:
        """A quick look: only an escape can hide a form from it."""
        lowered = text.lower()
        return any(escape in text for escape in "%\\&") or any(form in lowered for form in self._lowered)

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
    for standard in _in_base64(value.encode()):
        yield from (standard, standard.translate(str.maketrans("+/", "-_")))
    if len(value) > SHORTEST_CUT:
        yield from (value[:-1], value[1:], value[::-1])


def _spelt_of(value: str) -> Iterator[str]:
    """Patterns of the key with any of its characters escaped as in a URL, in JSON or in HTML."""
    spelt = "".join(map(_spellings, value))
    yield spelt
    if len(value) > SHORTEST_CUT:
        yield "".join(map(_spellings, value[:-1]))
        yield "".join(map(_spellings, value[1:]))


def _spellings(character: str) -> str:
    code = ord(character)
    named = "".join(f"|&{name};" for name, means in _ENTITIES.items() if means == character)
    return rf"(?:\\?{re.escape(character)}|%{code:02x}|\\u{code:04x}|\\x{code:02x}|&\#0*{code};|&\#x0*{code:x};{named})"


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
