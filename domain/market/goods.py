"""Goods: what a lease is of, and with that its times: of notice, and of what may be wanted of its deposit."""

from dataclasses import dataclass
from enum import StrEnum


class Goods(StrEnum):
    HOME = "HOME"
    DEVICE = "DEVICE"


@dataclass(frozen=True)
class LeaseTimes:
    """Days of a lease: from a notice to its last day, from then for a claim on the deposit, and from a claim for a no to it."""

    notice: int
    claim: int
    dispute: int


TIMES = {Goods.HOME: LeaseTimes(notice=30, claim=7, dispute=7), Goods.DEVICE: LeaseTimes(notice=7, claim=3, dispute=7)}
assert TIMES.keys() == set(Goods), "all goods have their times"
