"""What the app hears of by itself. The current state comes first, so a reconnect loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, TypeVar

import strawberry

from api.app.agreements import Agreement
from api.app.applications import Application
from api.app.lookups import Lookup
from api.app.notices import Notice
from api.app.people import User
from api.graphql.context import Context, Info
from api.graphql.errors import PublicError
from api.graphql.mutations import id_of
from api.graphql.requiring import requires
from domain.actors import UserActor
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standings
from domain.applications import applications, decisions, offers
from domain.consent import lookups
from domain.credit import assessing
from domain.notices import notices
from domain.payments import payments
from domain.people import users
from domain.permissions import Permission
from infra import clock, doorbell
from infra.database import Db, reading
from infra.errors import Refusal

# A ring can be lost with Valkey; what it would have told is then told this much later.
LOOK_AGAIN_SECONDS = 10
T = TypeVar("T")
AgreementId = Annotated[strawberry.ID, strawberry.argument(description="Of an Agreement.")]
ApplicationId = Annotated[strawberry.ID, strawberry.argument(description="Of an Application.")]


@strawberry.type(description="A score, or where scoring stands, is another than before.")
class ScoreChange:
    viewer: User = strawberry.field(description="The person, to read the score from.")


class NoSuchApplication(PublicError):
    code, sentence = "BAD_REQUEST", "We could not find this application."


class NoSuchAgreement(PublicError):
    code, sentence = "BAD_REQUEST", "We could not find this agreement."


@strawberry.type(
    description="What the app hears of by itself. The state of now comes first, so a reconnect loses nothing."
)
class Subscription:
    @requires(Permission.SIGNED_IN)
    @strawberry.subscription(description="The score now, and again whenever it changes.")
    async def score_changed(self, info: Info) -> AsyncIterator[ScoreChange]:
        user_id = info.context.user.user_id

        async def look() -> tuple[Any, Any]:
            async with reading() as db:
                standing = (await assessing.standings(db, {user_id}))[user_id]
                user = (await users.by_ids(db, {user_id}))[user_id]
            mark = (standing.state, standing.score.id if standing.score else None)
            return mark, ScoreChange(viewer=user)  # type: ignore[arg-type]

        async for change in changes(info.context, look):
            yield change

    @requires(Permission.SIGNED_IN)
    @strawberry.subscription(description="The application now, and again whenever it is decided or moves on.")
    async def application_changed(self, info: Info, id: ApplicationId) -> AsyncIterator[Application]:
        actor = info.context.user
        try:
            application_id = id_of("Application", id)
        except Refusal:
            raise NoSuchApplication from None

        async def look() -> tuple[Any, Any]:
            async with reading() as db:
                application = await applications.find(db, actor, application_id)
                if application is None:
                    raise NoSuchApplication
                key = (application.user_id, application.id)
                decision = (await decisions.latest(db, {key})).get(key)
                offer = (await offers.of_applications(db, {key})).get(key)
            mark = (application.status, decision.id if decision else None, offer.id if offer else None)
            return mark, application

        async for change in changes(info.context, look):
            yield change

    @requires(Permission.SIGNED_IN)
    @strawberry.subscription(description="The agreement now, and again whenever its state or what is owed changes.")
    async def agreement_changed(self, info: Info, id: AgreementId) -> AsyncIterator[Agreement]:
        user_id = info.context.user.user_id
        try:
            key = (user_id, id_of("Agreement", id))
        except Refusal:
            raise NoSuchAgreement from None

        async def look() -> tuple[Any, Any]:
            async with reading() as db:
                standing = (await standings(db, {key})).get(key)
                paid = await payments.of_cause(db, user_id, REPAYMENT, key[1])
            if standing is None:
                raise NoSuchAgreement
            states = [(each.id, each.status.value) for each in standing.draw_downs]
            states += [(each.id, each.status.value) for each in paid]
            mark = (standing.agreement.status, standing.outstanding, standing.credit, states)
            return mark, standing.agreement

        async for change in changes(info.context, look):
            yield change

    @requires(Permission.SIGNED_IN)
    @strawberry.subscription(description="Each notice as it is told; those of before stand in `notices`.")
    async def noticed(self, info: Info) -> AsyncIterator[Notice]:
        async for notice in news(info.context, notices.lately):
            yield notice

    @requires(Permission.SIGNED_IN)
    @strawberry.subscription(description="Each look at the person as it is made; those of before stand in `lookups`.")
    async def lookup_made(self, info: Info) -> AsyncIterator[Lookup]:
        async for lookup in news(info.context, lookups.lately):
            yield lookup


async def news(
    context: Context, lately: Callable[[Db, UserActor, datetime], Awaitable[Sequence[Any]]]
) -> AsyncIterator[Any]:
    """What comes from now on, each once; what was there before is not told."""
    actor = context.user
    async with reading() as db:
        begun_at = await clock.now(db)
        seen = {each.id for each in await lately(db, actor, begun_at)}
    async for _ in rings(context):
        async with reading() as db:
            fresh = [each for each in await lately(db, actor, begun_at) if each.id not in seen]
        for each in fresh:
            seen.add(each.id)
            yield each


async def changes(context: Context, look: Callable[[], Awaitable[tuple[Any, T]]]) -> AsyncIterator[T]:
    """What `look` sees now, and again whenever its mark differs; ends with an error when the session does."""
    last: Any = object()
    async for _ in rings(context):
        mark, seen = await look()
        if mark != last:
            last = mark
            yield seen


async def rings(context: Context) -> AsyncIterator[None]:
    """Now, and whenever something of the person's may have changed; ends with an error when the session does."""
    async with doorbell.waiting_for(context.user.user_id) as bell:
        while True:
            bell.clear()
            # Asked anew before each look: nothing is shown to a session that has ended.
            await context.sign_in(context.token)
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await bell.wait()
