"""The API key: kept from sight, struck out of whatever is written, and put into a request at the last moment.

Everywhere else the key stands as `$BSPK_API_KEY`, and a near miss of it as a shell expression on that name, so that a
recorded request can be repeated by `curl` and gives nothing away. Reads no environment, writes nothing.
"""

import base64
import re
from collections.abc import Callable, Iterator

NAME = "BSPK_API_KEY"
NAME_2 = f"{NAME}_2"
SIGN, SIGN_2 = f"${NAME}", f"${NAME_2}"  # what stands in its place
_ENTITIES = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
SHORTEST = 8  # characters; a shorter text would be struck out of innocent words
SHORTEST_CUT = 12  # characters from which on a key less one character is still no word of anybody's


class _Key:
    """One key in its forms, to be found in a text."""

    __slots__ = ("forms", "lowered", "name", "pattern", "value")

    def __init__(self, value: str, name: str) -> None:
        if fault := check_key(value, name):
            raise ValueError(fault)
        self.value, self.name = value, name
        self.forms = tuple(sorted(set(_forms_of(value)), key=lambda form: (-len(form), form)))
        self.lowered = tuple({form.lower() for form in self.forms})
        alternatives = "|".join([*(re.escape(form) for form in self.forms), *_spelt_of(value)])
        # A sign that stands there already is passed over whole, even where the key looks like its name.
        self.pattern = re.compile(rf"(\$\{{?{NAME})|{alternatives}", re.ASCII | re.IGNORECASE)

    def strike(self, text: str) -> str:
        return self.pattern.sub(lambda match: match[1] or f"${self.name}", text) if self._may_stand_in(text) else text

    def stands_in(self, text: str) -> bool:
        return self._may_stand_in(text) and any(not match[1] for match in self.pattern.finditer(text))

    def _may_stand_in(self, text: str) -> bool:
        """A quick look: only an escape can hide a form from it."""
        lowered = text.lower()
        return any(escape in text for escape in "%\\&") or any(form in lowered for form in self.lowered)


class Secret:
    """A key that shows itself to `reveal` alone, and the second one, if there is any: both are struck out.

    Raises ValueError for what `check_key` would not pass.
    """

    __slots__ = ("_both", "_key", "_second")

    def __init__(self, value: str, second: str | None = None) -> None:
        self._key = _Key(value, NAME)
        self._second = None if second is None else _Key(second, NAME_2)
        both = (self._key, self._second) if self._second else (self._key,)
        # The longer first, lest the rest of it stay where it begins with the other.
        self._both = tuple(sorted(both, key=lambda key: -len(key.value)))

    def __repr__(self) -> str:
        return f"Secret({SIGN})"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be pickled")

    @property
    def has_second(self) -> bool:
        """Whether a second key was given."""
        return self._second is not None

    def reveal(self) -> str:
        """The key itself, for the one who puts it on the wire."""
        return self._key.value

    def fill(self, expression: str) -> str:
        """As `evaluate`, for the one who puts it on the wire."""
        return evaluate(expression, self._key.value, self._second.value if self._second else None)

    def longest(self) -> int:
        """Characters of the longer key."""
        return len(self._both[0].value)

    def forms(self) -> tuple[str, ...]:
        """Texts that give the key away, longest first: in other cases, base64, reversed, less an end."""
        return self._key.forms

    def strike(self, text: str) -> str:
        """The text with its sign for each form of a key, in any case; an expression on the sign survives."""
        for key in self._both:
            text = key.strike(text)
        return text

    def stands_in(self, body: bytes) -> bool:
        """Whether any form of a key is there to read."""
        text = body.decode("latin-1")
        return any(key.stands_in(text) for key in self._both)

    def strike_bytes(self, body: bytes) -> bytes:
        """As `strike`, on bytes of any encoding that keeps ASCII."""
        return self.strike(body.decode("latin-1")).encode("latin-1")


def check_key(value: str | None, name: str = NAME) -> str | None:
    """One line on why this cannot be a key, never showing it; None for a usable one."""
    if not value:
        return f"{name} is not set: the API key comes from this environment variable alone"
    if not re.fullmatch(r"[!-~]+", value):
        return f"{name} has white space, control or non-ASCII characters: was more than the key copied?"
    if len(value) < SHORTEST:
        return f"{name} is shorter than {SHORTEST} characters: it could not be told from other text in a report"
    return None


def evaluate(expression: str, key: str, second: str | None = None) -> str:
    """An `Authorization` value with the key in the place of its shell expression, as bash would put it there.

    Literal text stays as it is. Raises ValueError for a `$` that begins none of the expressions known here.
    """
    return "".join(second if part == SIGN_2 and second else _evaluated(part, key) for part in _PART.findall(expression))


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


_SIGNED = r"\$BSPK_API_KEY(?:_2)?(?![A-Za-z0-9_])|\$\{BSPK_API_KEY[^}]*\}|\$\(printf %s \"\$BSPK_API_KEY\" \| [^)]*\)"
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
