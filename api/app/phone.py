"""The phone: a new number, and a day in which the old one can stop that."""

from typing import Annotated

import strawberry

from api.app.people import User
from api.graphql.context import Info
from api.graphql.inputs import CHECK
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.people import changing_phone, phones, users
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal


@strawberry.type(description="The account has its old number again, and everybody is signed out of it.")
class PhoneChangeStopped:
    masked_phone: str = strawberry.field(description="As the User's.")


ChangePhoneResult = Annotated[
    User | Refused,
    strawberry.union("ChangePhoneResult", description="The person with the new number, or why it stays."),
]
StopPhoneChangeResult = Annotated[
    PhoneChangeStopped | Refused,
    strawberry.union("StopPhoneChangeResult", description="The number that is back, or why not."),
]


@strawberry.input(description="The answer to a code that went to the new number.")
class ChangePhoneInput:
    challenge_id: strawberry.ID = strawberry.field(
        description="Of a Challenge for CHANGE_PHONE, asked for in this session.", metadata=id_check("Challenge")
    )
    code: str = strawberry.field(description="The digits that arrived at the new number.")
    idempotency_key: str = key()


@strawberry.input(description="What the old number was told.")
class StopPhoneChangeInput:
    phone: str = strawberry.field(description="The old number, E.164.", metadata={CHECK: phones.parse})
    code: str = strawberry.field(description="The digits that arrived there.")


@strawberry.type
class PhoneMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Take a new number. It holds at once; for a day the old number, which is told, can stop it."
    )
    async def change_phone(self, info: Info, input: Input[ChangePhoneInput]) -> ChangePhoneResult | None:
        context = info.context
        actor, locale = context.user, context.locale
        challenge_id = id_of("Challenge", input.challenge_id, "input", "challengeId")
        return await commit(
            info,
            lambda db: changing_phone.change(
                db, actor, challenge_id=challenge_id, code=input.code, key=input.idempotency_key, locale=locale
            ),
        )

    @requires(Permission.PUBLIC)
    @strawberry.mutation(
        description="Stop a change of number with the code that the old number got: it is back, and everybody is signed out."
    )
    async def stop_phone_change(self, info: Info, input: Input[StopPhoneChangeInput]) -> StopPhoneChangeResult | None:
        return await commit(info, lambda db: _stop(db, input, info.context.ip))


async def _stop(db: Db, input: StopPhoneChangeInput, ip: str) -> PhoneChangeStopped | Refusal:
    user = await changing_phone.stop(db, phone=input.phone, code=input.code, ip=ip)
    if isinstance(user, Refusal):
        return user
    return PhoneChangeStopped(masked_phone=(await users.masked_phones(db, {user.id}))[user.id])
