"""What a partner is told of a day's money."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, cast

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import shows
from domain.actors import PartnerActor
from domain.permissions import Permission
from domain.reconciling import remittances, settlements
from domain.reconciling.settlements import Settlement, SettlementKind
from infra.database import reading
from infra.errors import invalid
from infra.ids import global_id
from infra.money import decimals
from infra.words import N_

show(
    SettlementKind,
    "What a line of a settlement report says.",
    PAID_OUT="The partner paid out money of its own. It is told for the partner's books and is no part of `net`.",
    RECEIVED="A person paid, and Longan holds it for the partner.",
    REFUNDED="Longan gave a person back what they had paid too much.",
    FEE="The partner owes Longan: of what was collected, or for the lookups of a month.",
    BENEFIT="Longan owes what a benefit costs that was used there. It is told for the partner's books and is no part of `net`.",
)


class SettlementSubject(StrEnum):
    AGREEMENT = "AGREEMENT"
    LOOKUPS = "LOOKUPS"
    REDEMPTION = "REDEMPTION"


show(
    SettlementSubject,
    "What a line of a settlement report is about.",
    AGREEMENT="One agreement: the line names it.",
    LOOKUPS="A month's lookups of one kind, which are of no agreement.",
    REDEMPTION="One use of a benefit, which is of no agreement.",
)


_SUBJECTS = {
    "Agreement": SettlementSubject.AGREEMENT,
    "LookupCharge": SettlementSubject.LOOKUPS,
    "Redemption": SettlementSubject.REDEMPTION,
}


def _noun_of(line: settlements.SettlementLine) -> str:
    if line.is_of_agreement:
        return "Agreement"
    return "LookupCharge" if line.lookups else "Redemption"


@shows(settlements.SettlementLine, description="One amount of a day.")
class SettlementLine:
    at: datetime = strawberry.field(description="When it was booked.")
    kind: SettlementKind = strawberry.field(description="What it is.")
    reference: str | None = strawberry.field(
        description="The partner's own of a payout, where it gave one; else the cashier's. Of lookups: their kind and month, as "
        "`CHECK 2026-10`. Null where there is none."
    )
    lookups: int | None = strawberry.field(
        description="Of the one line that a month's lookups of a kind come to, on the first day of the next: how many were charged. "
        "Null of all others."
    )

    @strawberry.field(description="What the amount is of.")
    def about(root: strawberry.Parent[settlements.SettlementLine]) -> SettlementSubject:
        return _SUBJECTS[_noun_of(root)]

    @strawberry.field(
        description="Of an Agreement, where `about` says so; of LOOKUPS it is of their charge, and of REDEMPTION of that."
    )
    def agreement_id(root: strawberry.Parent[settlements.SettlementLine]) -> strawberry.ID:
        return strawberry.ID(global_id(_noun_of(root), root.subject_id))

    @strawberry.field(description="Below zero where it takes back what an earlier line said.")
    def amount(root: strawberry.Parent[settlements.SettlementLine]) -> Money:
        return Money.of(root.amount, root.currency)


@shows(remittances.Remittance, description="What Longan pays out to the partner for one or more days.")
class Remittance:
    first_on: date = strawberry.field(description="The first of its days.")
    last_on: date = strawberry.field(
        description="The last of them: more than one where the net of those before was not above zero."
    )
    paid_at: datetime | None = strawberry.field(description="When it went out; null while it is due.")
    reference: str | None = strawberry.field(description="The bank's reference; null while it is due.")

    @strawberry.field(description="The net of its days, and `benefits`.")
    def amount(root: strawberry.Parent[remittances.Remittance]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(
        description="What of it is for benefits that were used, of all days that none was paid for before."
    )
    def benefits(root: strawberry.Parent[remittances.Remittance]) -> Money:
        return Money.of(root.benefits or 0, root.currency)


def _total(kind: SettlementKind, description: str) -> Money:
    def total(root: strawberry.Parent[Settlement]) -> Money:
        return Money.of(root.total(kind), root.currency)

    return strawberry.field(resolver=total, description=description)


@shows(Settlement, description="A day of one currency, as the ledger booked it.")
class SettlementReport:
    on: date = strawberry.field(description="A day of the product's time zone.")
    lines: list[SettlementLine] = strawberry.field(description="Each amount, the earliest first.")
    paid_out: Money = _total(SettlementKind.PAID_OUT, "What the partner paid out.")
    received: Money = _total(SettlementKind.RECEIVED, "What people paid.")
    refunded: Money = _total(SettlementKind.REFUNDED, "What people were given back.")
    fees: Money = _total(SettlementKind.FEE, "What the partner owes Longan.")
    benefits: Money = _total(
        SettlementKind.BENEFIT, "What Longan owes for benefits that were used: no part of `net`, paid out beside it."
    )

    @strawberry.field(description="What Longan owes the partner for the day: received less refunded less fees.")
    def net(root: strawberry.Parent[Settlement]) -> Money:
        return Money.of(root.net, root.currency)

    @strawberry.field(
        description="The payment that the day is part of; null until the night, or where nothing is owed of it."
    )
    async def remittance(root: strawberry.Parent[Settlement], info: Info) -> Remittance | None:
        async with reading() as db:
            partner_id = info.context.partner.partner_id
            return cast(Remittance | None, await remittances.of_day(db, partner_id, root.on, root.currency))


@strawberry.type
class SettlementQuery:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.field(
        description="A day's money between the partner, its people and Longan. Today's grows until midnight."
    )
    async def settlement_report(
        self,
        info: Info,
        on: Annotated[date, strawberry.argument(description="A day of the product's time zone.")],
        currency: Annotated[
            str | None,
            strawberry.argument(
                description="Where there are several; absent: the house's own, else the one that there is."
            ),
        ] = None,
    ) -> SettlementReport | None:
        return await _settlement(info.context.partner, on, currency)


async def _settlement(actor: PartnerActor, on: date, currency: str | None) -> Any:
    if currency is not None:
        _refuse_unknown(currency)
    async with reading() as db:
        return await settlements.settlement_of(db, actor.partner_id, on, currency)


def _refuse_unknown(currency: str) -> None:
    try:
        decimals(currency)
    except ValueError:
        raise invalid(N_("There is no such currency."), "currency") from None
