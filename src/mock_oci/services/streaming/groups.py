"""Consumer groups: who reads which partition, from where, and what has been committed.

Source: docs Streaming/Tasks/using_consumer_groups.htm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

Positions = Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Reservation:
    """A partition is ``instance``'s ``until`` (Unix seconds); ``epoch`` tells it from the times before."""

    instance: str
    until: float
    epoch: int


class Group:
    """One group of one stream; not thread-safe: its stream has the lock.

    ``committed``: the offset to read next, by partition. Positions are what a member has read so far, by
    partition: the offset to read next, and the epoch of the reservation under which it was read.
    """

    def __init__(self, name: str, clock: Callable[[], float], committed: Mapping[int, int]) -> None:
        self.name = name
        self._clock = clock
        self._start = dict(committed)
        self.committed = dict(committed)
        self.reservations: dict[int, Reservation] = {}
        self._members: dict[str, float] = {}
        self._epoch = 0

    def join(self, instance: str, timeout: float) -> None:
        """Record that ``instance`` is alive: it and what it has reserved are good for ``timeout`` seconds more."""
        now = self._clock()
        self._members = {name: until for name, until in self._members.items() if until > now}
        self._members[instance] = now + timeout
        for partition, held in list(self.reservations.items()):
            if held.instance == instance:
                self.reservations[partition] = replace(held, until=now + timeout)
        self._rebalance()

    def commit(self, instance: str, positions: Positions) -> None:
        """Commit what ``instance`` has read of the partitions that have been its own since."""
        for partition, (offset, _epoch) in self._still_held(instance, positions).items():
            self.committed[partition] = max(self.committed[partition], offset)

    def position(self, partition: int, instance: str, positions: Positions) -> int:
        """Return where ``instance`` reads on: where it stopped, or at what is committed."""
        held = self._still_held(instance, positions)
        return held[partition][0] if partition in held else self.committed[partition]

    def partitions_of(self, instance: str) -> list[int]:
        return [partition for partition, held in sorted(self.reservations.items()) if held.instance == instance]

    def reset(self, committed: Mapping[int, int]) -> None:
        """Move everyone: what was read before no longer counts."""
        self._start = dict(committed)
        self.committed = dict(committed)
        self.reservations = {}
        self._rebalance()

    def committed_offset(self, partition: int) -> int | None:
        """Return the last offset that has been committed; None while nothing has."""
        offset = self.committed[partition]
        return offset - 1 if offset > self._start[partition] else None

    def _still_held(self, instance: str, positions: Positions) -> Positions:
        held = {number: self.reservations[number] for number in self.partitions_of(instance)}
        return {
            partition: (offset, epoch)
            for partition, (offset, epoch) in positions.items()
            if partition in held and held[partition].epoch == epoch
        }

    def _rebalance(self) -> None:
        """Give each member its share, (n partitions / n members) ± 1, moving as few as it can."""
        least, more = divmod(len(self.committed), len(self._members) or 1)
        shares = {member: least + (number < more) for number, member in enumerate(self._members)}
        kept = {member: self.partitions_of(member)[:share] for member, share in shares.items()}
        free = sorted(set(self.committed) - {number for numbers in kept.values() for number in numbers})
        owners = {number: member for member, numbers in kept.items() for number in numbers}
        for member, share in shares.items():
            wanted = share - len(kept[member])
            owners |= dict.fromkeys(free[:wanted], member)
            free = free[wanted:]
        self.reservations = {number: self._reserved(number, member) for number, member in sorted(owners.items())}

    def _reserved(self, partition: int, member: str) -> Reservation:
        held = self.reservations.get(partition)
        if held is not None and held.instance == member:
            return held
        self._epoch += 1
        return Reservation(member, self._members[member], self._epoch)
