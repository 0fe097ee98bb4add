"""Identity: the person proves who they are."""

from typing import Annotated

import strawberry

from api.app.people import User
from api.graphql.context import Info
from api.graphql.inputs import CHECK
from api.graphql.mutations import Input, answer, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.people import id_numbers, identities
from domain.people.identities import Said
from domain.permissions import Permission
from integrations import verifying

VerifyIdentityResult = Annotated[
    User | Refused,
    strawberry.union("VerifyIdentityResult", description="The person, checked or not theirs, or why nobody could say."),
]


@strawberry.input(description="Who the person is, as it stands on their id card.")
class VerifyIdentityInput:
    name: str = strawberry.field(description="The full name.", metadata={CHECK: identities.name_of})
    id_number: str = strawberry.field(
        description="The 18 characters of a resident's id number.", metadata={CHECK: id_numbers.parse}
    )
    idempotency_key: str = key()


@strawberry.type
class IdentityMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Prove who one is: name, id number and this phone must belong together. Once CHECKED, the birth date is "
        "the id number's and stays; a MISMATCH keeps money away, not the account, and can be tried again."
    )
    async def verify_identity(self, info: Info, input: Input[VerifyIdentityInput]) -> VerifyIdentityResult | None:
        said = Said(identities.name_of(input.name), id_numbers.parse(input.id_number))
        return await answer(info.context, verifying.verify(info.context.user, said, input.idempotency_key))
