"""AgreementStanding: an agreement at the end of a day, worked out of all that happened to it. Whoever reads it writes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from domain.agreements.acts import ActKind, AgreementAct
from domain.agreements.agreements import OPEN, Agreement
from domain.agreements.draw_downs import DrawDown, DrawDownStatus
from domain.agreements.kind import AgreementKind
from domain.agreements.kinds import KINDS
from domain.agreements.movements import Movement, of_corrections
from domain.agreements.schedules import InstalmentStatus
from domain.money import late_fees, lives
from domain.money.late_fees import Wait
from domain.money.lives import LoanLife, Payoff
from domain.money.loans import Act, Booking, BookingKind, LoanEvent, PlannedRow
from infra import clock, lasting
from infra.database import Db
from infra.loaders import is_any_pair, loader
from infra.questions import Question, ask_of

OfAgreement = TypeVar("OfAgreement", AgreementAct, DrawDown, Movement)
ON_ITS_WAY = (DrawDownStatus.SENT, DrawDownStatus.SETTLED)


@dataclass(frozen=True)
class AgreementStanding:
    """`acts`, `draw_downs` and `movements` are in the order in which they were written."""

    agreement: Agreement
    acts: Sequence[AgreementAct]
    draw_downs: Sequence[DrawDown]
    movements: Sequence[Movement]
    on: date

    @property
    def kind(self) -> AgreementKind:
        return KINDS[self.agreement.kind]

    @cached_property
    def events(self) -> list[LoanEvent]:
        """A pause that was ended early is the shorter one; what waits still has no last day."""
        ended = {act.cause_id: act.until for act in self.acts if act.kind is ActKind.PAUSE_ENDED}
        happened = [_event(act, ended.get(act.cause_id)) for act in self.acts if act.kind is not ActKind.PAUSE_ENDED]
        since = self.agreement.waits_since
        return happened if since is None else [*happened, LoanEvent(Act.DRAW_WAITED, since)]

    @cached_property
    def life(self) -> LoanLife:
        return self.kind.live(self.agreement, self.events, self.on)

    @property
    def outstanding(self) -> int:
        return self.life.owed.total

    @property
    def is_owed_after_all(self) -> bool:
        """Whether something is owed though the agreement is over: what a cashier gave back twice, and its interest."""
        return self.agreement.ended_at is not None and self.outstanding > 0

    @property
    def credit(self) -> int:
        return self.life.credit

    @property
    def drawn(self) -> int:
        """What of the limit is used: also what is on its way, never what failed."""
        return sum(each.amount for each in self.draw_downs if each.status in ON_ITS_WAY)

    @property
    def withheld(self) -> int:
        return sum(each.withheld for each in self.draw_downs if each.status in ON_ITS_WAY)

    @property
    def drawable(self) -> int:
        return self.agreement.amount - self.drawn if self.agreement.status in OPEN else 0

    @property
    def is_on_its_way(self) -> bool:
        """Whether money of it is sent, and nobody knows yet what becomes of it."""
        return any(each.status is DrawDownStatus.SENT for each in self.draw_downs)

    @property
    def is_settled(self) -> bool:
        """Whether all that is owed is paid, and nothing more is to come."""
        is_over = self.life.is_settled and not self.is_on_its_way
        settles_from = self.kind.settles_from(self.agreement, self.life) if is_over else None
        return settles_from is not None and settles_from <= self.on

    @property
    def paused_until(self) -> date | None:
        """The last day of the pause that it is in; None outside of one."""
        pauses = (act for act in self.acts if act.kind is ActKind.DEFERRAL and act.on <= self.on)
        return max((act.until for act in pauses if act.until and act.until >= self.on), default=None)

    @property
    def breathes_until(self) -> date | None:
        """The last day of the breathing space that it is in; None outside of one."""
        spaces = (event.until for event in self.events if event.act is Act.PAUSE and event.on <= self.on)
        return max((until for until in spaces if until is not None and until >= self.on), default=None)

    @property
    def due(self) -> int:
        """What is due by today and not paid."""
        return sum(row.outstanding for row in self.due_rows)

    @property
    def due_rows(self) -> list[PlannedRow]:
        """The instalments that are due by today and not paid, the oldest first."""
        return [row for row in self.life.rows if row.outstanding and row.due_on <= self.on]

    def days_late(self, row: PlannedRow) -> int:
        """Days that an instalment is late, or was when it was paid; but for those on which a draw waited, which are not the person's."""
        last = self.on if row.outstanding else row.settled_on
        return 0 if last is None else len([*late_fees.late_days(row.due_on, last, self._waits)])

    @property
    def overdue_days(self) -> int:
        return self.days_late(row) if (row := self.life.next_due) else 0

    @property
    def overdue_at(self) -> datetime | None:
        """When the oldest instalment that is open is late: with the first day after its own on which no draw waits; None while one
        does.
        """
        if (row := self.life.next_due) is None:
            return None
        days = late_fees.late_days(row.due_on, max(row.due_on, self.on) + timedelta(days=1), self._waits)
        return next((clock.begins(day) for day in days), None)

    @cached_property
    def _waits(self) -> list[Wait]:
        return [(event.on, event.until) for event in self.events if event.act is Act.DRAW_WAITED]

    @property
    def ends_on(self) -> date | None:
        return self.life.ends_on

    @property
    def is_noticed(self) -> bool:
        """Whether notice was given of a lease."""
        return any(act.kind is ActKind.NOTICE for act in self.acts)

    @property
    def late_fees_waived(self) -> set[int]:
        """The numbers of the instalments that cost no late fee."""
        return {act.number for act in self.acts if act.kind is ActKind.LATE_FEE_WAIVED and act.number is not None}

    @property
    def late_fees(self) -> dict[int, int]:
        """What each instalment costs for being late, by its number; without those that cost nothing."""
        charged = (each for each in self.life.bookings if each.kind is BookingKind.PENALTY and not each.ref)
        return {each.number: each.parts.penalties for each in charged if each.number is not None}

    @property
    def due_day(self) -> int | None:
        """The day of the month on which instalments are due, where the month has it."""
        chosen = [act.number for act in self.acts if act.kind is ActKind.DUE_DAY]
        return chosen[-1] if chosen else self.life.rows[0].starts_on.day if self.life.rows else None

    @cached_property
    def acts_by_ref(self) -> dict[str, AgreementAct]:
        return {str(act.cause_id): act for act in self.acts}

    def with_act(self, act: AgreementAct) -> "AgreementStanding":
        """After one act more."""
        return replace(self, acts=[*self.acts, act])

    def with_posted(self, movements: Sequence[Movement]) -> "AgreementStanding":
        """After these were posted too, which say what its life says anyway."""
        posted = replace(self, movements=[*self.movements, *movements])
        posted.__dict__["life"] = self.life
        return posted

    def unposted(self, now: datetime) -> list[Movement]:
        """What is to be posted so that the statement says all that happened by then."""
        changes = lives.corrections(_that_stand(self.movements), self.life.bookings)
        return of_corrections(changes, self.movements, self.acts_by_ref, self.agreement, now, self.kind.books.line)

    def payoff(self, on: date) -> Payoff | None:
        return self.kind.payoff(self.agreement, self.events, on)

    def status_of(self, row: PlannedRow) -> InstalmentStatus:
        if not row.outstanding:
            return InstalmentStatus.PAID
        if self.days_late(row):
            return InstalmentStatus.OVERDUE
        return InstalmentStatus.PARTLY_PAID if row.paid.total else InstalmentStatus.OPEN

    def with_more(self, *events: LoanEvent) -> LoanLife:
        """The agreement's life as it would be with these acts too."""
        return self.kind.live(self.agreement, [*self.events, *events], max([self.on, *(each.on for each in events)]))


def _event(act: AgreementAct, until: date | None) -> LoanEvent:
    last, ref = until or act.until, str(act.cause_id)
    return LoanEvent(Act(act.kind), act.on, act.amount, last, act.withheld, number=act.number or 0, ref=ref)


def _that_stand(movements: Iterable[Movement]) -> list[Booking]:
    """The bookings that were posted and not taken back since."""
    stand = Counter[Booking]()
    for movement in movements:
        if movement.is_reversal:
            stand[movement.booking_taken_back] -= 1
        else:
            stand[movement.booking] += 1
    return list(stand.elements())


_AGREEMENTS = Question(lambda: select(Agreement).where(is_any_pair(Agreement.user_id, Agreement.id)))
_ACTS = Question(
    lambda: (
        select(AgreementAct)
        .where(is_any_pair(AgreementAct.user_id, AgreementAct.agreement_id))
        .order_by(AgreementAct.place)
    )
)
_DRAW_DOWNS = Question(
    lambda: select(DrawDown).where(is_any_pair(DrawDown.user_id, DrawDown.agreement_id)).order_by(DrawDown.id)
)
_MOVEMENTS = Question(
    lambda: select(Movement).where(is_any_pair(Movement.user_id, Movement.agreement_id)).order_by(Movement.place)
)


@loader(_AGREEMENTS, _ACTS, _DRAW_DOWNS, _MOVEMENTS)
async def standings(
    db: Db | None,
    keys: set[tuple[UUID, UUID]],
    now: datetime,
    agreements: list[tuple[Agreement]],
    acts: list[tuple[AgreementAct]],
    draw_downs: list[tuple[DrawDown]],
    movements: list[tuple[Movement]],
) -> dict[tuple[UUID, UUID], AgreementStanding]:
    """How many agreements stand today, by (user, id)."""
    today = clock.local_day(now)
    lasting.until(clock.begins(today + timedelta(days=1)))
    of_acts, of_draw_downs, of_movements = _by_agreement(acts), _by_agreement(draw_downs), _by_agreement(movements)
    return {
        (each.user_id, each.id): AgreementStanding(
            each, of_acts[each.id], of_draw_downs[each.id], of_movements[each.id], today
        )
        for (each,) in agreements
    }


def _by_agreement(rows: Iterable[tuple[OfAgreement]]) -> defaultdict[UUID, list[OfAgreement]]:
    found = defaultdict[UUID, list[OfAgreement]](list)
    for (row,) in rows:
        found[row.agreement_id].append(row)
    return found


async def standing_of(db: Db, agreement: Agreement) -> AgreementStanding:
    """How an agreement that this transaction holds stands today, with all that was written just now."""
    given = {"keys": [agreement.user_id], "ids": [agreement.id]}
    asked = [(question, given) for question in (_ACTS, _DRAW_DOWNS, _MOVEMENTS)]
    acts, draw_downs, movements = await ask_of(db, asked)
    return AgreementStanding(
        agreement,
        [act for (act,) in acts],
        [draw_down for (draw_down,) in draw_downs],
        [movement for (movement,) in movements],
        await clock.today(db),
    )
