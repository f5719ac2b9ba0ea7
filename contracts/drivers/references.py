"""Valid records to send: catalogued references in turn, each with an `at` later than any sent for it before."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contracts.records import OURS, Reference

FIRST_AT = timedelta(minutes=5)  # before the run's begin: a past instant, and room for one update a second
STEP = timedelta(seconds=1)  # servers that keep whole seconds must see the difference

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
        aside = len(names) // 4
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

    def take(self, count: int, start: int | None = None) -> list[Fields]:
        """So many valid records, distinct as far as the catalogue goes, then strangers.

        `start` names the place in the catalogue; without it the next ones in turn are taken.
        """
        place = self._next if start is None else start
        known = [self.record(self._names[(place + step) % self.known]) for step in range(min(count, self.known))]
        if start is None and self.known:
            self._next = (place + len(known)) % self.known
        return known + self._strange(count - len(known))

    def again(self, count: int) -> list[Fields]:
        """The first references with the `at` that each was last sent with."""
        step = {name: self._last.get(name, self._first) - STEP for name in self._names[:count]}
        self._last.update(step)
        return self.take(count, 0)

    def take_aside(self, count: int) -> list[Fields]:
        """Records for references kept aside for an odd `at`, after which no server's view of them is certain."""
        names = self._aside[:count]
        return [self.record(name) for name in names] + self._strange(count - len(names))

    def take_first(self, count: int) -> list[Fields]:
        """Records for the first references of the catalogue, the same ones each time."""
        return self.take(count, 0)

    def take_all(self, count: int) -> list[Fields]:
        """So many distinct records, as far as the whole catalogue goes: those kept aside come last."""
        records = self.take(min(count, self.known))
        return records + self.take_aside(count - len(records))

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
