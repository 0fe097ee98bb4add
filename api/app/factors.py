"""Second factors and step-up: what the person proves beside a code to their phone."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.people import User
from api.app.signin import Session, SignedOut
from api.graphql.context import Info
from api.graphql.mutations import Input, answer, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain.people import confirming, putting_away, second_factors, sessions
from domain.people.second_factors import FactorKind
from domain.permissions import Permission
from infra.database import reading, transact
from infra.ids import global_id
from integrations import recovering, taking_over
from membership import joining


@shows(second_factors.SecondFactor, description="A second factor that is being set up; confirm it before it expires.")
class SecondFactorEnrolment:
    kind: FactorKind = strawberry.field(description="What it is.")
    expires_at: datetime = strawberry.field(description="Until when it can be confirmed.")

    @strawberry.field(description="Names it; `confirmSecondFactor` takes it.")
    def id(root: strawberry.Parent[second_factors.SecondFactor]) -> strawberry.ID:
        return strawberry.ID(global_id("SecondFactorEnrolment", root.id))

    @strawberry.field(description="TOTP: the otpauth address to show as a picture, until it is confirmed; else null.")
    async def secret(root: strawberry.Parent[second_factors.SecondFactor]) -> str | None:
        async with reading() as db:
            return await second_factors.secret_of(db, root)

    @strawberry.field(description="PASSKEY: WebAuthn's creation options as JSON, until it is confirmed; else null.")
    async def options(root: strawberry.Parent[second_factors.SecondFactor]) -> str | None:
        async with reading() as db:
            return await second_factors.options_of(db, root)


@shows(confirming.SteppedUp, description="The person has proven once more who they are.")
class SteppedUp:
    until: datetime = strawberry.field(description="Until when, in this session and in no other.")


EnrolSecondFactorResult = Annotated[
    SecondFactorEnrolment | Refused,
    strawberry.union("EnrolSecondFactorResult", description="What to set up, or why not."),
]
ConfirmSecondFactorResult = Annotated[
    User | Refused,
    strawberry.union("ConfirmSecondFactorResult", description="The person, who has it now, or why not."),
]
RemoveSecondFactorResult = Annotated[
    User | Refused,
    strawberry.union(
        "RemoveSecondFactorResult", description="The person, who is asked for it no more, or why it stays."
    ),
]
AnswerSecondFactorResult = Annotated[
    Session | Refused, strawberry.union("AnswerSecondFactorResult", description="A session, or why there is none.")
]
StepUpResult = Annotated[
    SteppedUp | Refused, strawberry.union("StepUpResult", description="Until when, or why it was no proof.")
]
ReportRecycledNumberResult = Annotated[
    SignedOut | Session | Refused,
    strawberry.union(
        "ReportRecycledNumberResult",
        description="The end of the session, or the first one of whoever is new; or why nothing has changed.",
    ),
]
RESPONSE = (
    "TOTP: the code. PASSKEY: the PublicKeyCredential as JSON. IDENTITY: name, a space, and id number. CODE: the digits that "
    "`requestPhoneCode` for STEP_UP sent."
)


@strawberry.input(description="What to set up.")
class EnrolSecondFactorInput:
    kind: FactorKind = strawberry.field(description="TOTP or PASSKEY.")
    idempotency_key: str = key()


@strawberry.input(description="A first proof, which puts a second factor in force.")
class ConfirmSecondFactorInput:
    enrolment_id: strawberry.ID = strawberry.field(
        description="Of a SecondFactorEnrolment.", metadata=id_check("SecondFactorEnrolment")
    )
    response: str = strawberry.field(description=RESPONSE)


@strawberry.input(description="Which of one's second factors to do without.")
class RemoveSecondFactorInput:
    second_factor_id: strawberry.ID = strawberry.field(
        description="Of a HeldFactor.", metadata=id_check("SecondFactor")
    )


@strawberry.input(description="What was asked for beside the code.")
class AnswerSecondFactorInput:
    challenge_id: strawberry.ID = strawberry.field(
        description="Of SecondFactorRequired.", metadata=id_check("Challenge")
    )
    kind: FactorKind = strawberry.field(description="One of its `methods`.")
    response: str = strawberry.field(description=RESPONSE)
    device_name: str = strawberry.field(description="As at `signIn`.")
    idempotency_key: str = key()


@strawberry.input(description="One more proof that it is the person.")
class StepUpInput:
    kind: FactorKind = strawberry.field(description="TOTP or PASSKEY; CODE for whoever has neither.")
    response: str = strawberry.field(description=RESPONSE)


@strawberry.input(description="Which sign-in stopped at what the former owner is asked for.")
class ReportRecycledNumberInput:
    challenge_id: strawberry.ID = strawberry.field(
        description="Of SecondFactorRequired.", metadata=id_check("Challenge")
    )
    device_name: str = strawberry.field(description="As at `signIn`.")
    idempotency_key: str = key()


@strawberry.type
class FactorMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Begin to set up an authenticator app or a passkey. From then on signing in asks for it too."
    )
    async def enrol_second_factor(
        self, info: Info, input: Input[EnrolSecondFactorInput]
    ) -> EnrolSecondFactorResult | None:
        actor = info.context.user
        return await commit(info, lambda db: second_factors.enrol(db, actor, input.kind, input.idempotency_key))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Put it in force by a first proof. Doing it twice is doing it once.")
    async def confirm_second_factor(
        self, info: Info, input: Input[ConfirmSecondFactorInput]
    ) -> ConfirmSecondFactorResult | None:
        actor = info.context.user
        factor_id = id_of("SecondFactorEnrolment", input.enrolment_id, "input", "enrolmentId")
        return await commit(info, lambda db: second_factors.confirm(db, actor, factor_id, input.response))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Do without one of one's second factors. Asks for a step-up; twice is once.")
    async def remove_second_factor(
        self, info: Info, input: Input[RemoveSecondFactorInput]
    ) -> RemoveSecondFactorResult | None:
        actor = info.context.user
        factor_id = id_of("SecondFactor", input.second_factor_id, "input", "secondFactorId")
        return await commit(info, lambda db: second_factors.remove(db, actor, factor_id))

    @requires(Permission.PUBLIC)
    @strawberry.mutation(description="Sign in where `SecondFactorRequired` came.")
    async def answer_second_factor(
        self, info: Info, input: Input[AnswerSecondFactorInput]
    ) -> AnswerSecondFactorResult | None:
        proven = recovering.answer(
            challenge_id=id_of("Challenge", input.challenge_id, "input", "challengeId"),
            kind=input.kind,
            response=input.response,
            device_name=input.device_name,
            key=input.idempotency_key,
            ip=info.context.ip,
        )
        return await answer(info.context, proven)

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Prove once more who one is, for five minutes of this session. After STEP_UP_REQUIRED."
    )
    async def step_up(self, info: Info, input: Input[StepUpInput]) -> StepUpResult | None:
        actor = info.context.user
        return await commit(info, lambda db: confirming.step_up(db, actor, input.kind, input.response))

    @requires(Permission.PUBLIC)
    @strawberry.mutation(
        description="Say that this number is new to whoever has it: all that is the former owner's is put away at once. Of the "
        "session that asks, and signing in again starts afresh; or, with an input, from a sign-in that stopped at "
        "SecondFactorRequired, and the answer is the first session. Where not `mayStartAfresh`, its carrier has to confirm it. A "
        "session older than a day steps up for it."
    )
    async def report_recycled_number(
        self,
        info: Info,
        input: Annotated[
            ReportRecycledNumberInput | None, strawberry.argument(description="Of whoever could not sign in.")
        ] = None,
    ) -> ReportRecycledNumberResult | None:
        if input is not None:
            return await answer(info.context, _start(input, info.context.ip))
        actor = info.context.user
        session = await commit(info, lambda db: putting_away.report(db, actor))
        if isinstance(session, Refused):
            return session
        return SignedOut(session_id=strawberry.ID(global_id("Session", session.id)))


async def _start(input: ReportRecycledNumberInput, ip: str) -> sessions.Session:
    session = await taking_over.start(
        challenge_id=id_of("Challenge", input.challenge_id, "input", "challengeId"),
        device_name=input.device_name,
        key=input.idempotency_key,
        ip=ip,
    )
    await transact(lambda db: joining.join(db, session.user_id))  # as at `signIn`
    return session
