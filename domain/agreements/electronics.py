"""ELECTRONICS: goods, owed from their delivery on and repaid in instalments; for some days they can be returned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from domain.agreements import handovers, limits, repaid_by_instalments, words
from domain.agreements.agreements import OWING, PAUSES, RETURNING, UNWOUND, Agreement, AgreementStatus, life_of
from domain.agreements.kind import AgreementKind, Books, Sentences
from domain.agreements.movements import MovementKind
from domain.ledger.kinds import AccountKind
from domain.money.lives import LoanLife, Payoff
from domain.money.loans import Act, LoanEvent, PlannedRow
from infra.database import Db
from infra.lifecycle import Move
from infra.words import N_

Status = AgreementStatus
# What was returned costs nothing from its first day on, whatever was paid on that day.
FIRST = (Act.ADVANCE, Act.FEE, Act.RETURN)


def _live(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> LoanLife:
    life = repaid_by_instalments.live(agreement, _in_turn(events), on)
    return replace(life, rows=_until_the_last(life.rows))


def _payoff(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> Payoff | None:
    return repaid_by_instalments.payoff(agreement, _in_turn(events), on)


def _in_turn(events: Sequence[LoanEvent]) -> list[LoanEvent]:
    return sorted(events, key=lambda event: FIRST.index(event.act) if event.act in FIRST else len(FIRST))


def _until_the_last(rows: Sequence[PlannedRow]) -> tuple[PlannedRow, ...]:
    """Without those that a return has made superfluous; the first stays."""
    last = max((place for place, row in enumerate(rows) if row.due.total or row.paid.total), default=0)
    return tuple(rows[: last + 1])


def _settles_from(agreement: Agreement, life: LoanLife) -> date:
    """Once it cannot be returned any more."""
    return handovers.lapses_on(life.rows[0].starts_on)


async def _is_delivered(db: Db, agreement: Agreement) -> bool:
    return await handovers.of_agreement(db, agreement) is not None


KIND = AgreementKind(
    life=life_of(
        "electronics",
        *PAUSES,
        Move(OWING, Status.RETURNING, RETURNING, refused=N_("This cannot be returned any more.")),
        Move([Status.RETURNING], Status.ACTIVE),
        Move([Status.RETURNING], Status.UNWOUND, UNWOUND),
    ),
    books=Books(AccountKind.PRINCIPAL, AccountKind.LENT, AccountKind.DRAWABLE, MovementKind.PRINCIPAL),
    sentences=Sentences(N_("Delivered to you."), N_("Delivered to you.")),
    begin=limits.begin,
    has_begun=_is_delivered,
    live=_live,
    payoff=_payoff,
    settles_from=_settles_from,
    waits=timedelta(days=90),
    arrived=words.GOODS_DELIVERED,
    is_delivered=True,
    is_replanned=True,
)
