"""Posting: the transfers that say in the ledger what an agreement's movements say in its statement."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.agreements import commission
from domain.agreements.acts import AgreementAct
from domain.agreements.agreements import Agreement
from domain.agreements.kind import Books
from domain.agreements.kinds import KINDS
from domain.agreements.limits import transfer_of
from domain.agreements.movements import Movement
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import Cause, CauseKind, Transfer, reversal, transfers_of
from domain.money.loans import BookingKind
from infra.database import Db

Leg = tuple[K, K, int]  # debit, credit, amount
CAUSES = {
    BookingKind.INTEREST: CauseKind.ACCRUAL,
    BookingKind.FEE: CauseKind.FEE,
    BookingKind.PENALTY: CauseKind.FEE,
    BookingKind.WAIVER: CauseKind.WAIVER,
    BookingKind.ADVANCE: CauseKind.PAYOUT,
    BookingKind.REPAYMENT: CauseKind.REPAYMENT,
    BookingKind.REFUND: CauseKind.REFUND,
    BookingKind.RETURN: CauseKind.PAYOUT_RETURNED,
}
# Of these the act itself is the cause: all lines that come of it are posted together, with the money that changed hands.
OF_ACTS = (BookingKind.ADVANCE, BookingKind.REPAYMENT, BookingKind.REFUND)


async def transfers_for(
    db: Db,
    agreement: Agreement,
    acts: Mapping[str, AgreementAct],
    before: Sequence[Movement],
    movements: Sequence[Movement],
) -> list[Transfer]:
    """What posts all of them, not posted yet; those of `before` stand in the ledger already."""
    done = {(movement.booked, movement.ref) for movement in before}
    books = KINDS[agreement.kind].books
    fees = await _fees_earned(db, agreement) if any(map(_gives_up, movements)) else 0
    transfers, of_acts = await _reversals(db, agreement, acts, before, movements), dict[Cause, list[Movement]]()
    for movement in movements:
        kind = BookingKind(movement.booked)
        if movement.is_reversal:
            continue
        if kind in OF_ACTS and movement.ref and (movement.booked, movement.ref) not in done:
            of_acts.setdefault(Cause(CAUSES[kind], UUID(movement.ref)), []).append(movement)
            continue
        legs = _given_up(movement, fees, books) if _gives_up(movement) else _legs(kind, movement, acts, books)
        fees -= sum(amount for debit, _, amount in legs if debit is K.FEES_EARNED)
        transfers += _transfers(agreement, _own_cause(kind, movement), movement, legs)
    for cause, lines in of_acts.items():
        money = _changes_hands(lines, books)
        transfers += _transfers(agreement, cause, lines[0], money)
        for _, _, amount in money:
            transfers += await commission.transfers_of_act(db, agreement, cause, amount, lines[0].on)
        for movement in lines:
            legs = _legs(BookingKind(movement.booked), movement, acts, books)
            transfers += _transfers(agreement, cause, movement, legs)
    return transfers


def _own_cause(kind: BookingKind, movement: Movement) -> Cause:
    """Of a line that is posted by itself: what falls due, fees, and what a payment of an earlier day books anew."""
    if kind in OF_ACTS:
        return Cause(CauseKind.REPLAY if movement.ref else CauseKind.ACCRUAL, movement.id)
    return Cause(CAUSES[kind], movement.id)


def _transfers(agreement: Agreement, cause: Cause, movement: Movement, legs: Sequence[Leg]) -> list[Transfer]:
    return [transfer_of(agreement, cause, *leg, movement.on) for leg in legs if leg[2]]


def _changes_hands(lines: Sequence[Movement], books: Books) -> list[Leg]:
    """The money of an act, once for all of its lines; of an advance, what it uses up of the limit."""
    amount = sum(line.amount for line in lines)
    match BookingKind(lines[0].booked):
        case BookingKind.ADVANCE:
            return [(K.COMMITTED, books.taken_from, amount)] if books.taken_from else []
        case BookingKind.REPAYMENT:
            return [(K.COLLECTED, K.PAYABLE, -amount)]
        case _:
            return [(K.PAYABLE, K.COLLECTED, amount)]


def _legs(kind: BookingKind, line: Movement, acts: Mapping[str, AgreementAct], books: Books) -> list[Leg]:
    """What a line adds to each account, and from where."""
    charges = line.fees + line.penalties
    match kind:
        case BookingKind.ADVANCE:
            withheld = acts[line.ref].withheld if line.ref in acts else 0
            return [
                (books.owed, books.given, line.principal - withheld),
                (books.owed, K.FEES_EARNED, withheld),
                (K.CREDIT, books.given, -line.credit),
            ]
        case BookingKind.INTEREST:
            return [(K.INTEREST, K.INTEREST_EARNED, line.interest)]
        case BookingKind.REPAYMENT:
            parts = (
                (K.FEES, -charges),
                (K.INTEREST, -line.interest),
                (books.owed, -line.principal),
                (K.CREDIT, line.credit),
            )
            return [(K.REPAID, part, amount) for part, amount in parts]
        case BookingKind.REFUND:
            back = ((K.CREDIT, -line.credit), (books.owed, line.principal), (K.FEES, charges))
            return [(part, K.REPAID, amount) for part, amount in back]
        case BookingKind.RETURN:
            return [(books.given, books.owed, -line.principal), (K.FEES_EARNED, K.FEES, -charges)]
    assert kind in (BookingKind.FEE, BookingKind.PENALTY), "what is given up has legs of its own"
    return [(K.FEES, K.FEES_EARNED, charges), (K.CREDIT, K.FEES_EARNED, -line.credit)]


def _gives_up(movement: Movement) -> bool:
    return movement.booked == BookingKind.WAIVER and not movement.is_reversal


def _given_up(line: Movement, fees: int, books: Books) -> list[Leg]:
    """Of a waiver. Principal is given up where a fee was withheld of it: that fee first, as far as it was earned. Rent bears none."""
    charges, principal = -(line.fees + line.penalties), -line.principal
    of_principal = 0 if books.is_earned else min(principal, max(0, fees - charges))
    of_credit = min(line.credit, max(0, fees - charges - of_principal))
    return [
        (K.FEES_EARNED, K.FEES, charges),
        (K.INTEREST_EARNED, K.INTEREST, -line.interest),
        (K.FEES_EARNED, books.owed, of_principal),
        (books.given, books.owed, principal - of_principal),
        (K.FEES_EARNED, K.CREDIT, of_credit),
        (K.INTEREST_EARNED, K.CREDIT, line.credit - of_credit),
    ]


async def _fees_earned(db: Db, agreement: Agreement) -> int:
    return (await balances_of(db, agreement.user_id, agreement.id))[K.FEES_EARNED]


async def _reversals(
    db: Db,
    agreement: Agreement,
    acts: Mapping[str, AgreementAct],
    before: Sequence[Movement],
    movements: Sequence[Movement],
) -> list[Transfer]:
    """The transfers of the lines that are taken back, the other way round."""
    reversals = [movement for movement in movements if movement.is_reversal]
    if not reversals:
        return []
    transfers = await transfers_of(db, agreement.user_id, agreement.id)
    taken_back = {each.reverses for each in transfers}
    stand = [each for each in transfers if each.id not in taken_back and each.reverses is None]
    books = KINDS[agreement.kind].books
    originals, back = [line for line in before if not line.is_reversal], list[Transfer]()
    for movement in reversals:
        original = next(line for line in reversed(originals) if line.booking == movement.booking_taken_back)
        originals.remove(original)
        for each in _transfers_of_line(original, stand, acts, books):
            stand.remove(each)
            back.append(reversal(each, Cause(CauseKind.REPLAY, movement.id)))
    return back


def _transfers_of_line(
    line: Movement, stand: Sequence[Transfer], acts: Mapping[str, AgreementAct], books: Books
) -> list[Transfer]:
    """Those that it was posted as: by a cause of its own, or among those of its act."""
    kind = BookingKind(line.booked)
    if own := [each for each in stand if each.cause == _own_cause(kind, line)]:
        return own
    of_act = [each for each in stand if kind in OF_ACTS and each.cause == Cause(CAUSES[kind], UUID(line.ref))]
    wanted = [leg for leg in _legs(kind, line, acts, books) if leg[2]]
    found: list[Transfer] = []
    for leg in wanted:
        match = next(each for each in of_act if (each.debit, each.credit, each.amount) == leg and each not in found)
        found.append(match)
    return found
