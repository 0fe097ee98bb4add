"""What a story has at hand - its person, the calendar, who sits at the other desks, and paper to tell it on."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from api.cli.demo.desks import CashierDesk, PartnerDesk, ReviewDesk
from api.cli.demo.doors import Data
from api.cli.demo.drawing import money
from api.cli.demo.year.calendar import YearCalendar
from api.cli.demo.year.person import YearPerson, money_of
from api.cli.demo.year.year_paper import YearPaper
from infra.words import N_

AWAY_MOST = timedelta(days=30)
LOAN, MONTHS = "灵活周转借款", 12  # the lender's whose desk there is; decided at once


@dataclass(frozen=True)
class YearDesks:
    """The shop and lender, the landlord, risk, and whoever takes the money."""

    shop: PartnerDesk
    landlord: PartnerDesk
    risk: ReviewDesk
    cashier: CashierDesk


@dataclass
class YearLife:
    """`figures`: what a program is told of it beside the agreement, as the story read it."""

    person: YearPerson
    calendar: YearCalendar
    desks: YearDesks
    paper: YearPaper
    figures: Data = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.calendar.today

    async def until(self, day: str | date) -> None:
        """Wait for this day, and come by each month until then: whoever is away for longer is signed out."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        while self.today < day:
            await self.calendar.until(min(day, self.today + AWAY_MOST))

    async def pass_days(self, days: int) -> None:
        await self.until(self.today + timedelta(days=days))

    def tell(self, sentence: str, *, mark: str = "·", style: str = "", **values: object) -> None:
        """One thing that happened today, in the reader's language."""
        self.paper.event(self.today, self.person.name, self.paper.words(sentence, **values), mark=mark, style=style)

    async def borrow(self, amount: str) -> Data:
        """A loan over a year. The agreement, once the money is there."""
        agreement = await self.person.borrow(LOAN, amount, MONTHS)
        owed, last = money(agreement["outstanding"]), agreement["endsOn"]
        self.tell(N_("borrows {owed} for a year, until {last}"), owed=owed, last=last, mark="▸", style="magenta")
        return agreement

    async def pay_each(self, rows: Iterable[Data]) -> Data:
        """Each of these instalments on its day. The agreement after the last."""
        agreement: Data = {}
        for row in rows:
            await self.until(row["dueOn"])
            paid, agreement = await self.person.pay(self.today)
            told = N_("pays instalment {number}, {paid}; still owed: {owed}")
            owed = money(agreement["outstanding"])
            self.tell(told, number=row["number"], paid=money(money_of(str(paid))), owed=owed)
        return agreement

    async def say_as_partner(self, desk: PartnerDesk, operation: str, **input: Any) -> Data:
        """What a partner's server says of the agreement."""
        return await desk.say(operation, agreementId=self.person.agreement_id, **input)


@dataclass(frozen=True)
class YearStory:
    """`persona` is whose accounts the person has, `name` theirs, `title` what becomes of them; `arrive` what they come with."""

    persona: str
    name: str
    title: str
    live: Callable[[YearLife], Coroutine[Any, Any, None]]
    arrive: Callable[[YearPerson], Awaitable[None]] = YearPerson.arrive
