"""What each batch of a burst looks like, so that an answer to another's request shows: no two are alike. Pure.

A shape is a size and the places of its faulty records; `place` counts from 0 within the burst, `known` is how many
references each has. Where those are too few for so many sizes or places, shapes differ in several faulty records.
"""

SMALLEST = 2  # records
Shape = tuple[int, tuple[int, ...]]


def of_all_sizes(place: int, known: int) -> Shape:
    """Another size at each place, without a fault as long as there are sizes."""
    size = min(SMALLEST + place, known)
    return size, _set_in(SMALLEST + place - size, size)


def of_one_size(place: int, users: int, known: int) -> Shape:
    """One size at all places, another faulty record at each."""
    size = min(SMALLEST + users, known)
    return size, _set_in(1 << place if users <= size else place + 1, size)


def _set_in(number: int, size: int) -> tuple[int, ...]:
    """The places of the ones in a binary number."""
    return tuple(index for index in range(size) if number >> index & 1)
