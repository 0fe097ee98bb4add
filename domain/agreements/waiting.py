"""Waiting: days on which a draw waits and the person can do nothing about it. They are no days late, and no late fee falls in them.

A first draw waits from the day on which it was due, however late it is begun, unless they began to pay by themselves; a second from the
day on which it is begun. Both wait until the cashier says what became of them: in a stop, while it does not know, and where it told the
person too late.
"""

from datetime import date

from domain.agreements import booking
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.standings import AgreementStanding
from infra import clock
from infra.database import Db
from infra.ids import new_id


async def begin(db: Db, standing: AgreementStanding, since: date) -> AgreementStanding:
    """Let the days after this one count as waited for, unless others before them do already. The agreement's row is held."""
    agreement = standing.agreement
    if agreement.waits_since is not None:
        return standing
    agreement.waits_since = since
    return await booking.accrue(db, agreement) if since < standing.on else standing


async def end(db: Db, agreement: Agreement) -> AgreementStanding | None:
    """Nothing waits from tomorrow on, and the days until today stay as they were; None where they are none. Its row is held."""
    since, today = agreement.waits_since, await clock.today(db)
    agreement.waits_since = None
    if since is None or since >= today:
        return None
    return await booking.book_act(db, agreement, ActKind.DRAW_WAITED, new_id(), 0, on=since, until=today)
