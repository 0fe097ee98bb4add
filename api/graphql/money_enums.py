"""The enumerations of agreements and their money, in the client's words."""

from api.graphql.enums import show
from domain.agreements.agreements import AgreementStatus
from domain.agreements.claims import ClaimStatus
from domain.agreements.draw_downs import DrawDownStatus
from domain.agreements.movements import MovementKind
from domain.agreements.schedules import InstalmentStatus
from domain.market.products import PaymentOrder
from domain.money.loans import Amortisation
from domain.payments.cashiers import PaymentStatus

show(
    AgreementStatus,
    "Where an agreement stands. SETTLED and UNWOUND are final.",
    PENDING="Accepted, and nothing of it has begun: of a loan, nothing was paid out yet.",
    ACTIVE="In force, and nothing is late.",
    OVERDUE="In force, and something that was due is not paid.",
    PAUSED="In force, and nothing is due for a while.",
    RETURNING="What was bought is on its way back.",
    SETTLED="All is paid.",
    UNWOUND="Taken back as if it had never been.",
)
show(
    PaymentStatus,
    "Where a payment is. It counts once it is SETTLED.",
    NEEDS_ACTION="The person has to do something at the cashier: `nextAction` says where.",
    PENDING="On its way; nobody knows yet what becomes of it.",
    SETTLED="It has arrived, and counts.",
    FAILED="It did not come. Where it comes after all, it is SETTLED.",
)
show(
    DrawDownStatus,
    "Where money of a loan is. SETTLED and FAILED are final.",
    SENT="On its way to the person; nothing of it is owed yet.",
    SETTLED="It has arrived, is owed, and bears interest.",
    FAILED="It could not be paid out, and can be drawn again.",
)
show(
    InstalmentStatus,
    "Where an instalment stands.",
    OPEN="Nothing of it is paid yet, and it is not late.",
    PARTLY_PAID="Part of it is paid, and it is not late.",
    PAID="All of it is paid.",
    OVERDUE="It was due, and not all of it is paid.",
    WAIVED="It was given up; nothing of it is owed.",
)
show(
    MovementKind,
    "What a line of a statement is.",
    PRINCIPAL="Money that was paid out to the person.",
    INTEREST="Interest.",
    FEE="A fee.",
    RENT="Rent of a month.",
    REPAYMENT="Money that the person paid.",
    REVERSAL="What takes an earlier line back.",
    WAIVER="Something that was owed and is given up.",
    REFUND="Money that the person had paid too much, and got back.",
    PAYOUT_RETURNED="Money that was paid out and came back.",
)
show(
    Amortisation,
    "How a loan is paid back.",
    EQUAL="In equal instalments.",
    INTEREST_ONLY="Interest each month, and all that was drawn with the last instalment.",
    FLAT="With interest on all of it to the end, whatever is repaid: of no product here.",
)
show(
    PaymentOrder,
    "What of an instalment a payment covers first; older instalments come before newer ones.",
    CHARGES_FIRST="Fees, then interest, then principal.",
    PRINCIPAL_FIRST="Principal, then interest, then fees.",
)
show(
    ClaimStatus,
    "Where a claim on a deposit stands.",
    OPEN="The person has not answered it yet.",
    DISPUTED="The person disputes it.",
    UPHELD="Some or all of it was found right, or stands since nobody disputed it.",
    REJECTED="It was found wrong.",
)
