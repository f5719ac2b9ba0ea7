"""Many cases in few requests: packed, and what an answer leaves unsettled sent again in smaller packs.

A case is settled by a 200, which judges it at its index, and by a 422 that tells of it. A server that tells of nothing
is asked case by case, the likeliest first, as far as the budget goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.drivers.attribution import told_of
from contracts.drivers.cases import Case
from contracts.drivers.changes import AS_IT_IS, Change
from contracts.drivers.references import References
from contracts.drivers.run import Run, batch
from contracts.seen import Seen

PACK = 40  # cases in one batch: less than most servers take, and few batches
FEWEST = 6  # however small the catalogue
SPLITS = 30  # requests to find what in a pack was answered by neither 200 nor 422
CONTROL_EVERY = 5


@dataclass(slots=True)
class Packing:
    """Sends cases of one kind. `most_alone` may be sent by themselves to a server that tells of nothing."""

    run: Run
    purpose: str
    most_alone: int
    splits: int = SPLITS
    tells_nothing: bool = False
    sent_alone: int = 0
    groups_sent: int = 0

    def send(self, cases: Sequence[Case], size: int) -> None:
        """All cases, so many in a pack."""
        for start in range(0, len(cases), size):
            self._settle(list(cases[start : start + size]))

    def _settle(self, pack: list[Case]) -> None:
        if len(pack) == 1 or self.tells_nothing:
            self._alone(pack)
            return
        changes, places = with_controls([change for _, change in pack])
        if self._fits(len(changes)) is False:
            for half in _halves(pack):
                self._settle(half)
            return
        seen = self.run.perform(batch(f"{self.purpose}, {len(pack)} cases", changes, draw=References.take_again))
        if left := _unsettled(seen, pack, places):
            self._ask_again(seen, left, pack, len(changes))

    def _ask_again(self, seen: Seen, left: list[Case], pack: list[Case], count: int) -> None:
        """What a pack of so many records left unsettled, in smaller ones."""
        if seen.status != 422:
            self._halve(left)
        elif len(left) == len(pack) and not self._asked_to_fit(count):
            self._settle(pack)
        elif 4 * len(left) <= 3 * len(pack):
            self._settle(left)
        elif groups := _one_a_field(left, len(pack)):
            for group in groups:
                if self.groups_sent < 3 * self.most_alone // 2:  # it holds more cases than one
                    self.groups_sent += 1
                    self._settle(group)
        else:
            self.tells_nothing = True
            self._alone(left)

    def _halve(self, pack: list[Case]) -> None:
        """What breaks the server hides the outcome of its company."""
        for half in _halves(pack):
            if self.splits > 0:
                self.splits -= 1
                self._settle(half)

    def _asked_to_fit(self, count: int) -> bool:
        """Whether so many valid records are taken, so that a pack was not refused for its size. Asked once."""
        if self._fits(count) is None:
            valid = batch(f"{count} valid records", [AS_IT_IS] * count, draw=References.take_again)
            self.run.perform(valid)
        return self._fits(count) is not False

    def _fits(self, count: int) -> bool | None:
        """As far as earlier answers tell."""
        seen = self.run.evidence.seen
        if any(each.status == 200 and len(each.expected) >= count for each in seen):
            return True
        refused = (each for each in seen if each.status in (413, 422) and each.all_acceptable)
        return False if any(2 <= len(each.expected) <= count for each in refused) else None

    def _alone(self, pack: list[Case]) -> None:
        """Each in a batch of three: first, in the middle or last by turns."""
        for told, change in pack:
            if self.sent_alone < self.most_alone:
                changes: list[Change] = [AS_IT_IS, AS_IT_IS]
                changes.insert(self.sent_alone % 3, change)
                self.sent_alone += 1
                self.run.perform(batch(told, changes))


def _halves(pack: list[Case]) -> tuple[list[Case], list[Case]]:
    return pack[: len(pack) // 2], pack[len(pack) // 2 :]


def _unsettled(seen: Seen, pack: list[Case], places: Sequence[int]) -> list[Case]:
    if seen.status == 200:
        return []
    if seen.status != 422 or seen.answer is None:
        return pack
    told = told_of(seen.answer, [(place, case[0].partition(" ")[0]) for place, case in zip(places, pack, strict=True)])
    return [case for number, case in enumerate(pack) if number not in told]


def _one_a_field(pack: list[Case], before: int) -> list[list[Case]]:
    """Groups in which each field is at fault once, for servers that name a field once; none where it is one already."""
    groups: list[list[Case]] = []
    for case in pack:
        field = case[0].partition(" ")[0]
        free = next((group for group in groups if all(field != told.partition(" ")[0] for told, _ in group)), None)
        if free is None:
            groups.append([case])
        else:
            free.append(case)
    return groups if len(groups) > 1 and max(map(len, groups)) > 1 and max(map(len, groups)) < before else []


def controlled(count: int) -> int:
    """How many records so many cases make, with their controls."""
    return len(with_controls([AS_IT_IS] * count)[0])


def with_controls(changes: Sequence[Change]) -> tuple[list[Change], list[int]]:
    """A valid record before, after, and after every fifth, so that a shifted or spread blame shows; and the places."""
    packed: list[Change] = [AS_IT_IS]
    places = []
    for number, change in enumerate(changes, 1):
        places.append(len(packed))
        packed.append(change)
        if number % CONTROL_EVERY == 0 and number < len(changes):
            packed.append(AS_IT_IS)
    return [*packed, AS_IT_IS], places
