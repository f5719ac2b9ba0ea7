"""Prose that promises: what of it a client relies on, whether a sentence still stands, and where two texts differ.

No program reads a sentence's meaning. What it can tell is whether figures, names or words of duty changed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from html import unescape

_WORD = re.compile(r"\w+")
_FACT = re.compile(
    r"`[^`]+`"  # a name or a literal
    r"|(?<!\w)['\"][^'\"\s]+['\"](?!\w)"  # a value, such as 'ok'
    r"|\d\w*"  # 429, or what follows a letter in v2
)
_DUTY = frozenset(
    _WORD.findall(
        "must shall not never always no nor none only unless except without required optional mandatory forbidden "
        "deprecated removed ignored rejected refused maximum minimum most least unlimited null empty true false "
        "second seconds minute minutes hour hours day days month months"
    )
)
_QUOTES = str.maketrans("‘’‚‛“”„‟«»", '\'\'\'\'""""""')
_AROUND = 3  # words shown on each side of what differs
_MOST_COMPARED = 25_000_000  # pairs of words: some seconds
_MOST_SHOWN = 3  # differing places of one text


def words(text: str) -> str:
    """The text as its words alone, so that neither line breaks nor punctuation, quotes, case or markup count."""
    return f" {' '.join(_WORD.findall(unescape(text).casefold()))} "


def stands(sentence: str, text: str) -> bool:
    """Whether the sentence is in the text, word by word; `text` is of `words`."""
    return words(sentence) in text


def facts(text: str) -> Counter[str]:
    """Figures, names, quoted values and words of duty, each as often as it stands."""
    plain = unescape(text).translate(_QUOTES)
    named = Counter(" ".join(each.strip("`'\"").split()) for each in _FACT.findall(plain))
    spoken = plain.casefold().replace("n't ", " not ").replace("cannot", "can not")
    return named + Counter(word for word in _WORD.findall(spoken) if word in _DUTY)


def same_facts(old: str, new: str) -> bool:
    """Whether nothing changed that a program can tell to matter."""
    return facts(old) == facts(new)


def differing(old: str, new: str) -> str:
    """Where two texts differ, each place with a few words around it: `old words -> new words`."""
    before, after = old.split(), new.split()
    if len(before) * len(after) > _MOST_COMPARED:
        return f"{len(before):,} words -> {len(after):,} words"
    places = list(_places(before, after))
    more = [f"{len(places) - _MOST_SHOWN} more"] if len(places) > _MOST_SHOWN else []
    return "; ".join([f'"{_part(before, a)}" -> "{_part(after, b)}"' for a, b in places[:_MOST_SHOWN]] + more)


def _places(before: list[str], after: list[str]) -> Iterator[tuple[slice, slice]]:
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_AROUND):
        yield slice(group[0][1], group[-1][2]), slice(group[0][3], group[-1][4])


def _part(text: list[str], part: slice) -> str:
    cut_before, cut_after = ("… " if part.start else ""), (" …" if part.stop < len(text) else "")
    return f"{cut_before}{' '.join(text[part])}{cut_after}"
