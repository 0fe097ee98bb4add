"""Signing in by phone."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.people import User
from api.graphql.context import Info
from api.graphql.inputs import CHECK
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain.actors import UserActor
from domain.people import challenges, phones, sessions, signing_in, users
from domain.people.challenges import AskedPurpose, CodePurpose
from domain.people.second_signing import HalfSignedIn
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal
from infra.ids import global_id
from membership import joining


@shows(challenges.Challenge, description="A code was sent; answer it before it expires.")
class Challenge:
    expires_at: datetime = strawberry.field(description="Until when the code can be given.")
    resend_at: datetime = strawberry.field(description="From when another code can be asked for.")
    code_length: int = strawberry.field(description="How many digits the code has.")

    @strawberry.field(description="Names the challenge; `signIn` takes it.")
    def id(root: strawberry.Parent[challenges.Challenge]) -> strawberry.ID:
        return strawberry.ID(global_id("Challenge", root.id))


@shows(sessions.Session, description="A signed-in device.")
class Session:
    access_token: str = strawberry.field(description="Shown with each request as `Authorization: Bearer ...`.")
    access_expires_at: datetime = strawberry.field(
        description="Until when it works; ask for new tokens a little earlier."
    )
    refresh_token: str = strawberry.field(
        description="Works once, for new tokens. Keep it where the device keeps secrets."
    )
    device_token: str = strawberry.field(
        description="Keep it for as long as the app is installed, and hand it in when a code is asked for: then nothing that "
        "others did wrong with this number keeps this device out."
    )

    @strawberry.field(description="The same for as long as the device stays signed in.")
    def id(root: strawberry.Parent[sessions.Session]) -> strawberry.ID:
        return strawberry.ID(global_id("Session", root.id))

    @strawberry.field(description="The person who is signed in.")
    def viewer(root: strawberry.Parent[sessions.Session], info: Info) -> User | None:
        return info.context.load(users.by_ids, root.user_id)


@strawberry.type(description="A code is not enough for this number; answer one of `methods` too.")
class SecondFactorRequired:
    challenge_id: strawberry.ID = strawberry.field(description="The challenge that was answered half.")
    methods: list[str] = strawberry.field(
        description="What may be answered with: TOTP, PASSKEY, or IDENTITY for whoever has lost the others."
    )
    expires_at: datetime = strawberry.field(description="Until when.")
    options: str | None = strawberry.field(description="PASSKEY: WebAuthn's request options as JSON; null without one.")
    may_start_afresh: bool = strawberry.field(
        description="Ask whether the number is new to them: then `reportRecycledNumber` with this challenge begins an account "
        "of their own, and puts the former owner's away."
    )


@strawberry.type(description="The session is over; forget its tokens.")
class SignedOut:
    session_id: strawberry.ID = strawberry.field(description="Which session, as its `id` was.")


RequestPhoneCodeResult = Annotated[
    Challenge | Refused,
    strawberry.union("RequestPhoneCodeResult", description="The challenge to answer, or why no code was sent."),
]
SignInResult = Annotated[
    Session | SecondFactorRequired | Refused,
    strawberry.union("SignInResult", description="A session, what is still missing for one, or why there is none."),
]
RefreshSessionResult = Annotated[
    Session | Refused,
    strawberry.union("RefreshSessionResult", description="The session with new tokens, or why there are none."),
]
SignOutResult = Annotated[
    SignedOut | Refused, strawberry.union("SignOutResult", description="The end of the session, or why it goes on.")
]


@strawberry.input(description="Where to send a code.")
class RequestPhoneCodeInput:
    phone: str = strawberry.field(description="E.164, of any country.", metadata={CHECK: phones.parse})
    device_token: str | None = strawberry.field(
        default=None,
        description="Of the last session on this device, whoever it was; nothing is wrong with an old one.",
    )
    purpose: AskedPurpose | None = strawberry.field(
        default=None,
        description="SIGN_IN where absent; CHANGE_PHONE and STEP_UP need a session, and are bound to it.",
    )


@strawberry.input(description="The answer to a challenge.")
class SignInInput:
    challenge_id: strawberry.ID = strawberry.field(
        description="Of the Challenge that was sent a code.", metadata=id_check("Challenge")
    )
    code: str = strawberry.field(description="The digits that arrived.")
    device_name: str = strawberry.field(
        description="What the person calls this device, as the system names it: 1 to 100 characters."
    )
    idempotency_key: str = key()


@strawberry.input(description="What to get new tokens for.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The newest one.")
    idempotency_key: str = strawberry.field(
        description="8 to 128 characters. The same token and key answer the same new tokens for 60 seconds, until they are used."
    )


@strawberry.type
class SignInMutation:
    @requires(Permission.PUBLIC)
    @strawberry.mutation(description="Send a code to a phone. Known and unknown numbers are answered alike.")
    async def request_phone_code(
        self, info: Info, input: Input[RequestPhoneCodeInput]
    ) -> RequestPhoneCodeResult | None:
        context = info.context
        return await commit(
            info,
            lambda db: signing_in.request_code(
                db,
                phone=input.phone,
                ip=context.ip,
                locale=context.locale,
                device_token=input.device_token,
                purpose=CodePurpose(input.purpose or CodePurpose.SIGN_IN),
                actor=context.actor if isinstance(context.actor, UserActor) else None,
            ),
        )

    @requires(Permission.PUBLIC)
    @strawberry.mutation(description="Sign in with the code. Whoever signs in first with a number registers with it.")
    async def sign_in(self, info: Info, input: Input[SignInInput]) -> SignInResult | None:
        return await commit(info, lambda db: _sign_in(db, input, info.context.ip))

    @requires(Permission.PUBLIC)
    @strawberry.mutation(description="New tokens for the newest refresh token; an old one ends the session.")
    async def refresh_session(self, info: Info, input: Input[RefreshSessionInput]) -> RefreshSessionResult | None:
        return await commit(
            info,
            lambda db: signing_in.refresh(
                db, refresh_token=input.refresh_token, key=input.idempotency_key, ip=info.context.ip
            ),
        )

    @requires(Permission.SIGNED_IN, even_recovering=True)
    @strawberry.mutation(description="End this session on this device; its subscriptions end too.")
    async def sign_out(self, info: Info) -> SignOutResult | None:
        actor = info.context.user
        session = await commit(info, lambda db: signing_in.sign_out(db, actor))
        return SignedOut(session_id=strawberry.ID(global_id("Session", session.id)))


async def _sign_in(db: Db, input: SignInInput, ip: str) -> sessions.Session | SecondFactorRequired | Refusal:
    session = await signing_in.sign_in(
        db,
        challenge_id=id_of("Challenge", input.challenge_id, "input", "challengeId"),
        code=input.code,
        device_name=input.device_name,
        key=input.idempotency_key,
        ip=ip,
    )
    if isinstance(session, HalfSignedIn):
        return SecondFactorRequired(
            challenge_id=strawberry.ID(global_id("Challenge", session.challenge_id)),
            methods=list(session.methods),
            expires_at=session.expires_at,
            options=session.options,
            may_start_afresh=session.may_start_afresh,
        )
    if isinstance(session, sessions.Session):
        # The worker would do the same in a moment; the first screen need not wait for it.
        await joining.join(db, session.user_id)
    return session
