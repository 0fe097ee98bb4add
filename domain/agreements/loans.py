"""LOAN: a limit that the person draws money of, and repays in instalments."""

from datetime import date, timedelta

from sqlalchemy import select

from domain.agreements import limits, repaid_by_instalments, words
from domain.agreements.agreements import PAUSES, Agreement, life_of
from domain.agreements.draw_downs import DrawDown, DrawDownStatus
from domain.agreements.kind import AgreementKind, Books, Sentences
from domain.agreements.movements import MovementKind
from domain.ledger.kinds import AccountKind
from domain.money.lives import LoanLife
from infra.database import Db
from infra.words import N_


async def _is_drawn(db: Db, agreement: Agreement) -> bool:
    its = select(DrawDown.id).where(DrawDown.user_id == agreement.user_id, DrawDown.agreement_id == agreement.id)
    return (await db.execute(its.where(DrawDown.status != DrawDownStatus.FAILED).limit(1))).first() is not None


def _settles_from(agreement: Agreement, life: LoanLife) -> date:
    """A limit ends with the last cent that is repaid of it."""
    return life.on


KIND = AgreementKind(
    life=life_of("a loan", *PAUSES),
    books=Books(AccountKind.PRINCIPAL, AccountKind.LENT, AccountKind.RESERVED, MovementKind.PRINCIPAL),
    sentences=Sentences(N_("Paid out to you."), N_("Drawn: {paid} paid out to you, and a fee of {fee} kept back.")),
    begin=limits.begin,
    has_begun=_is_drawn,
    live=repaid_by_instalments.live,
    payoff=repaid_by_instalments.payoff,
    settles_from=_settles_from,
    arrived=words.DRAW_DOWN_ARRIVED,
    waits=timedelta(days=90),
    is_drawn=True,
    is_replanned=True,
)
