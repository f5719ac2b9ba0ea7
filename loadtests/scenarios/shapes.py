"""What each batch of a burst looks like, so that an answer to another's request shows: no two are alike. Pure.

A shape is a size and the places of its faulty records; `place` counts from 0 within the burst, `known` is how many
references each has. Where those are too few for so many sizes or places, shapes differ in several faulty records.
"""

SMALLEST = 2  # records
LARGEST = 100  # likewise: of what breaks where several large ones overlap most does by then, and it can be judged
Shape = tuple[int, tuple[int, ...]]


def of_all_sizes(place: int, known: int) -> Shape:
    """Another size at each place, without a fault as long as there are sizes."""
    size = min(SMALLEST + place, known)
    return size, _set_in(SMALLEST + place - size, size)


def of_large_sizes(place: int, users: int, known: int) -> Shape:
    """The same, from as many records as there are downwards; of all sizes where there are no more of those."""
    size = min(known, LARGEST) - place
    return (size, ()) if size >= SMALLEST + users else of_all_sizes(place, known)


def of_one_size(place: int, users: int, known: int) -> Shape:
    """One size at all places, another faulty record at each but the first, which others' faults are not to reach."""
    size = min(SMALLEST + users, known)
    return size, _set_in(1 << place >> 1 if users <= size + 1 else place, size)


def _set_in(number: int, size: int) -> tuple[int, ...]:
    """The places of the ones in a binary number."""
    return tuple(index for index in range(size) if number >> index & 1)
