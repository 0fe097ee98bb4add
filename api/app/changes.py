"""Changes of an agreement: tried first, then asked for."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from api.app.agreements import Agreement
from api.app.instalments import Instalment, schedule_of
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from domain.actors import UserActor
from domain.agreements import agreements, easing, previewing, replanning
from domain.agreements.easing_terms import HardshipWish
from domain.agreements.hardships import HardshipKind
from domain.permissions import Permission
from infra.database import Db
from infra.errors import invalid
from infra.words import N_, Locale


@strawberry.type(description="What a change would cost. Nothing is kept.")
class ChangePreview:
    schedule: list[Instalment] = strawberry.field(description="What would be due when.")
    total_cost: Money = strawberry.field(description="All that is paid over the whole life, fees included.")
    annual_cost: Decimal = strawberry.field(description="What it costs a year, all told, as a fraction: 0.12 is 12 %.")
    message: str = strawberry.field(description="The same for the person, in a sentence.")


PreviewChangeResult = Annotated[
    ChangePreview | Refused,
    strawberry.union("PreviewChangeResult", description="What it would cost, or why it cannot be changed so."),
]


@strawberry.input(description="What to try: exactly one kind of change.")
class PreviewChangeInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    amount: MoneyInput | None = strawberry.field(default=None, description="To draw so much more.")
    day_of_month: int | None = strawberry.field(default=None, description="Another due day.")
    hardship: HardshipKind | None = strawberry.field(
        default=None, description="To make it lighter for so many `months`, from today."
    )
    months: int | None = strawberry.field(default=None, description="Of a hardship: 1 to 12.")


ChangeDueDayResult = Annotated[
    Agreement | Refused,
    strawberry.union("ChangeDueDayResult", description="The agreement as it is then, or why it stays as it was."),
]


@strawberry.input(description="Which agreement, and on which day.")
class ChangeDueDayInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    day_of_month: int = strawberry.field(description="1 to 31; a month without it has its last day.")
    idempotency_key: str = key()


RequestHardshipResult = Annotated[
    Agreement | Refused,
    strawberry.union("RequestHardshipResult", description="The agreement as it is then, or why nothing was asked for."),
]


@strawberry.input(description="Which agreement is to be made lighter, how, and why.")
class RequestHardshipInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    kind: HardshipKind = strawberry.field(description="How.")
    months: int = strawberry.field(description="1 to 12.")
    from_on: date | None = strawberry.field(
        default=None, name="from", description="The day on which the bad time began; absent: today."
    )
    reason: str = strawberry.field(description="In the person's words; only who answers reads it.")
    idempotency_key: str = key()


@strawberry.type
class ChangeMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="What a change would make of schedule and cost. Nothing is kept.")
    async def preview_change(self, info: Info, input: Input[PreviewChangeInput]) -> PreviewChangeResult | None:
        actor, locale = info.context.user, info.context.locale
        return await commit(info, lambda db: _preview(db, actor, input, locale))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Let what is still to come be due on another day of the month, once in 180 days and while nothing is late. "
        "No instalment is due sooner than it was; the odd days bear interest, as `previewChange` shows."
    )
    async def change_due_day(self, info: Info, input: Input[ChangeDueDayInput]) -> ChangeDueDayResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _change_due_day(db, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Ask that nothing, or half of each instalment, is due for a while. Up to three months of the one and six of the "
        "other within a year are granted at once; what is more is REQUESTED, and answered within seven working days."
    )
    async def request_hardship(self, info: Info, input: Input[RequestHardshipInput]) -> RequestHardshipResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _request_hardship(db, actor, input))


async def _request_hardship(db: Db, actor: UserActor, input: RequestHardshipInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    wish = HardshipWish(input.kind, input.months, input.from_on)
    return await easing.request(db, actor, agreement_id, wish, input.reason, input.idempotency_key)


async def _change_due_day(db: Db, actor: UserActor, input: ChangeDueDayInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    return await replanning.change_due_day(db, actor, agreement_id, input.day_of_month, input.idempotency_key)


async def _preview(db: Db, actor: UserActor, input: PreviewChangeInput, locale: Locale) -> ChangePreview:
    preview = await _tried(db, actor, id_of("Agreement", input.agreement_id, "input", "agreementId"), input)
    return ChangePreview(
        schedule=schedule_of(preview.standing, preview.rows),
        total_cost=Money.of(preview.total_cost, preview.standing.agreement.currency),
        annual_cost=preview.annual_cost,
        message=preview.words(locale),
    )


async def _tried(db: Db, actor: UserActor, agreement_id: UUID, input: PreviewChangeInput) -> previewing.Preview:
    match input.amount, input.day_of_month, input.hardship, input.months:
        case MoneyInput() as amount, None, None, None:
            return await previewing.preview_draw(db, actor, agreement_id, amount.to_money("input", "amount"))
        case None, int(day), None, None:
            return await previewing.preview_due_day(db, actor, agreement_id, day)
        case None, None, HardshipKind() as kind, int(months):
            return await previewing.preview_hardship(db, actor, agreement_id, HardshipWish(kind, months))
    sentence = N_(
        "Say what is to change: an amount to draw, another due day, or a hardship and its months, and nothing else."
    )
    raise invalid(sentence, ("input", "amount"))
