"""Signing in by phone."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.people import User
from api.graphql.context import Info
from api.graphql.mutations import commit, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain.people import challenges, sessions, signing_in, users
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal
from infra.ids import global_id
from membership import joining


@shows(challenges.Challenge, description="A code was sent; answer it before it expires.")
class Challenge:
    expires_at: datetime
    resend_at: datetime
    code_length: int

    @strawberry.field
    def id(root: strawberry.Parent[challenges.Challenge]) -> strawberry.ID:
        return strawberry.ID(global_id("Challenge", root.id))


@shows(sessions.Session, description="A signed-in device.")
class Session:
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    device_token: str = strawberry.field(
        description="Keep it for as long as the app is installed, and hand it in when a code is asked for: then nothing that "
        "others did wrong with this number keeps this device out."
    )

    @strawberry.field
    def id(root: strawberry.Parent[sessions.Session]) -> strawberry.ID:
        return strawberry.ID(global_id("Session", root.id))

    @strawberry.field
    async def viewer(root: strawberry.Parent[sessions.Session], info: Info) -> User | None:
        return await info.context.load(users.by_ids, root.user_id)


@strawberry.type(description="A code is not enough for this number; answer one of `methods` too.")
class SecondFactorRequired:
    challenge_id: strawberry.ID
    methods: list[str]
    expires_at: datetime


@strawberry.type
class SignedOut:
    session_id: strawberry.ID


RequestPhoneCodeResult = Annotated[Challenge | Refused, strawberry.union("RequestPhoneCodeResult")]
SignInResult = Annotated[Session | SecondFactorRequired | Refused, strawberry.union("SignInResult")]
RefreshSessionResult = Annotated[Session | Refused, strawberry.union("RefreshSessionResult")]
SignOutResult = Annotated[SignedOut | Refused, strawberry.union("SignOutResult")]


@strawberry.input
class RequestPhoneCodeInput:
    phone: str = strawberry.field(description="E.164, of any country.")
    device_token: str | None = strawberry.field(
        default=None,
        description="Of the last session on this device, whoever it was; nothing is wrong with an old one.",
    )


@strawberry.input
class SignInInput:
    challenge_id: strawberry.ID
    code: str
    device_name: str
    idempotency_key: str


@strawberry.input
class RefreshSessionInput:
    refresh_token: str
    idempotency_key: str


@strawberry.type
class SignInMutation:
    @requires(Permission.PUBLIC)
    @strawberry.mutation
    async def request_phone_code(self, info: Info, input: RequestPhoneCodeInput) -> RequestPhoneCodeResult | None:
        context = info.context
        return await commit(
            info,
            lambda db: signing_in.request_code(
                db, phone=input.phone, ip=context.ip, locale=context.locale, device_token=input.device_token
            ),
        )

    @requires(Permission.PUBLIC)
    @strawberry.mutation
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult | None:
        return await commit(info, lambda db: _sign_in(db, input, info.context.ip))

    @requires(Permission.PUBLIC)
    @strawberry.mutation(description="New tokens for the newest refresh token; an old one ends the session.")
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionResult | None:
        return await commit(
            info,
            lambda db: signing_in.refresh(
                db, refresh_token=input.refresh_token, key=input.idempotency_key, ip=info.context.ip
            ),
        )

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation
    async def sign_out(self, info: Info) -> SignOutResult | None:
        actor = info.context.user
        session = await commit(info, lambda db: signing_in.sign_out(db, actor))
        return SignedOut(session_id=strawberry.ID(global_id("Session", session.id)))


async def _sign_in(db: Db, input: SignInInput, ip: str) -> sessions.Session | Refusal:
    session = await signing_in.sign_in(
        db,
        challenge_id=id_of("Challenge", input.challenge_id, "input", "challengeId"),
        code=input.code,
        device_name=input.device_name,
        key=input.idempotency_key,
        ip=ip,
    )
    if isinstance(session, sessions.Session):
        # The worker would do the same in a moment; the first screen need not wait for it.
        await joining.join(db, session.user_id)
    return session
