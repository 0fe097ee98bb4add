"""A lease by counting alone: rents by their days, one purse, and what is held of a deposit."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from domain.market.goods import LeaseTimes
from tests.domain.agreements.lives import HardTimes
from tests.domain.money.oracle import month

DAY = timedelta(days=1)


@dataclass
class ClaimModel:
    """`no_until` is when it stands where nobody disputed it; `upheld`: None until it is decided."""

    amount: int
    no_until: datetime
    is_disputed: bool = False
    upheld: int | None = None


@dataclass
class LeaseModel:
    """Money in minor units. `paid` and `back` are of rent, `held` and `deposit_back` of the deposit."""

    rent: int
    months: int
    times: LeaseTimes
    deposit: int
    start: date
    last: date
    noticed_on: date | None = None
    is_withdrawn: bool = False
    paid: int = 0
    back: int = 0
    held: int = 0
    deposit_back: int = 0
    claim: ClaimModel | None = None
    hard: HardTimes = field(default_factory=HardTimes)

    def rents(self, on: date) -> int:
        """All that has fallen due by that day: of a month that is not lived to its end, its days."""
        total = 0
        for number in range(self.months):
            first, following = month(self.start, number), month(self.start, number + 1)
            if first > min(on, self.last):
                break
            lived = (min(following - DAY, self.last) - first).days + 1
            total += int(Fraction(self.rent * lived, (following - first).days) + Fraction(1, 2))
        return total

    def purse(self, on: date) -> int:
        """What is owed; below zero what was paid too much."""
        return self.rents(on) - self.paid + self.back

    @property
    def kept(self) -> int:
        return (self.claim.upheld or 0) if self.claim else 0

    def is_over(self, on: date) -> bool:
        return on > self.last

    def is_late(self, on: date) -> bool:
        return self.rents(on - DAY) > self.paid - self.back

    def takes_notice(self, on: date, last: date) -> bool:
        earliest = min(on + DAY * self.times.notice, self.last)
        return self.noticed_on is None and on <= self.last and earliest <= last <= self.last

    def takes_claim(self, on: date, amount: int) -> bool:
        """Of what is held, from the notice or the last day on, for some days after it."""
        is_free = self.held > 0 and self.claim is None and not self.is_withdrawn and not self.returns_deposit(on - DAY)
        is_ending = self.noticed_on is not None or on >= self.last
        return is_free and is_ending and on <= self.last + DAY * self.times.claim and 0 < amount <= self.deposit

    def takes_no(self, now: datetime) -> bool:
        claim = self.claim
        return claim is not None and not claim.is_disputed and claim.upheld is None and now < claim.no_until

    def returns_deposit(self, on: date) -> bool:
        """Whether by the end of that day what nobody wants of it is on its way back."""
        if self.is_withdrawn:
            return True
        if self.claim is not None:
            return self.is_over(on) and self.claim.upheld is not None
        return on > self.last + DAY * self.times.claim

    def is_settled(self, on: date) -> bool:
        """Whether it is over, rent and deposit."""
        is_whole = self.held == self.kept + self.deposit_back and (not self.held or self.returns_deposit(on))
        return not self.is_withdrawn and self.is_over(on) and self.purse(on) <= 0 and is_whole
