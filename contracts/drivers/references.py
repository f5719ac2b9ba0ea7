"""Valid records to send: catalogued references in turn, each with an `at` later than any sent for it before."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contracts.exchanges.records import OURS, Reference

FIRST_AT = timedelta(minutes=5)  # before the run's begin: a past instant, and room for one update a second
STEP = timedelta(seconds=1)  # servers that keep whole seconds must see the difference
MOST_ASIDE = 40

Fields = dict[str, object]


class References:
    """Hands out records. Without a catalogue every name is one of ours, and no record is meant to be accepted.

    No `at` is earlier than `after`, up to which earlier runs may have written the same references.
    """

    def __init__(
        self,
        catalogue: Iterable[Reference],
        begin: datetime,
        after: datetime | None = None,
        first_at: timedelta = FIRST_AT,
    ) -> None:
        names = list(catalogue)
        aside = min(len(names) // 4, MOST_ASIDE)
        self._names = names[: len(names) - aside]
        self._aside = names[len(names) - aside :]
        self._first = begin.replace(microsecond=0) - first_at
        if after is not None:
            self._first = max(self._first, after.replace(microsecond=0) + STEP)
        self._last: dict[Reference, datetime] = {}
        self._next = 0
        self._strangers = 0
        self.known = len(self._names)
        self.known_aside = len(self._aside)

    @property
    def latest(self) -> datetime | None:
        """The latest `at` that was handed out for a catalogued reference, odd ones aside."""
        return max((at for name, at in self._last.items() if not name[0].startswith(OURS)), default=None)

    def take(self, count: int, start: int | None = None, *, reuse: bool = False) -> list[Fields]:
        """So many valid records, distinct as far as the catalogue goes, then strangers; with `reuse` the same again.

        `start` names the place in the catalogue; without it the next ones in turn are taken.
        """
        place = self._next if start is None else start
        catalogued = count if reuse and self.known else min(count, self.known)
        known = [self.record(self._names[(place + step) % self.known]) for step in range(catalogued)]
        if start is None and self.known:
            self._next = (place + len(known)) % self.known
        return known + self._strange(count - len(known))

    def take_again(self, count: int) -> list[Fields]:
        """So many catalogued records, the same references again where there are no more."""
        return self.take(count, reuse=True)

    def take_aside(self, count: int) -> list[Fields]:
        """Records for references kept aside for an odd `at`, after which no server's view of them is certain."""
        names = self._aside[:count]
        return [self.record(name) for name in names] + self._strange(count - len(names))

    def take_first(self, count: int) -> list[Fields]:
        """Records for the first references of the catalogue, the same ones each time."""
        return self.take(count, 0)

    def take_all(self, count: int) -> list[Fields]:
        """So many distinct records, as far as the whole catalogue goes; strangers stand in the middle."""
        known = [self.record(name) for name in [*self._names, *self._aside][:count]]
        half = len(known) // 2
        return [*known[:half], *self._strange(count - len(known)), *known[half:]]

    def _strange(self, count: int) -> list[Fields]:
        return [self.record(self.stranger()) for _ in range(count)]

    def stranger(self) -> Reference:
        """A reference that no catalogue has, marked as ours."""
        self._strangers += 1
        return (f"{OURS}product-{self._strangers}", f"{OURS}sku-{self._strangers}", f"{OURS}store")

    def record(self, reference: Reference) -> Fields:
        """A plain valid record for that reference, one second later than the last."""
        moment = max(self._first, self._last.get(reference, self._first - STEP) + STEP)
        self._last[reference] = moment
        product_ref, sku, store_ref = reference
        quantity = 1 + (self._next + int(moment.timestamp())) % 500
        return {
            "product_ref": product_ref,
            "sku": sku,
            "quantity": quantity,
            "store_ref": store_ref,
            "at": write_instant(moment),
        }


def write_instant(moment: datetime) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`, the document's own example's form."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
