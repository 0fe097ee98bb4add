"""How the person wants to be told things, where their pushes go, and that they have read what they were told."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from api.app.people import User
from api.graphql.context import Info
from api.graphql.inputs import CHECK
from api.graphql.mutations import Input, commit
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.actors import UserActor
from domain.notices import devices, notices
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.devices import DevicePlatform
from domain.notices.preferences import ContactChoice, change, hour_of, zone_name_of
from domain.people import users
from domain.permissions import Permission
from infra.database import Db
from infra.words import Locale

RegisterPushResult = Annotated[
    User | Refused,
    strawberry.union("RegisterPushResult", description="The person, or why this device gets no pushes."),
]
SetContactPreferencesResult = Annotated[
    User | Refused,
    strawberry.union("SetContactPreferencesResult", description="The person as they want it now, or why not."),
]
ReadNoticesResult = Annotated[
    User | Refused,
    strawberry.union("ReadNoticesResult", description="The person, who has read them, or why not."),
]


@strawberry.input(description="Where this device takes its pushes.")
class RegisterPushInput:
    platform: DevicePlatform = strawberry.field(description="Whose pushes they are.")
    token: str = strawberry.field(
        description="What the platform calls this device; for WeChat the person's openid, each time they allow one more.",
        metadata={CHECK: devices.checked_token},
    )


@strawberry.input(description="Whether to be told things of one class by one way.")
class ContactPreferenceInput:
    notice_class: NoticeClass = strawberry.field(name="class", description="Of this class.")
    channel: NoticeChannel = strawberry.field(description="By this way.")
    is_allowed: bool = strawberry.field(description="Whether to be told.")


@strawberry.input(description="What to change; what is absent or null stays as it is.")
class SetContactPreferencesInput:
    preferences: list[ContactPreferenceInput] | None = strawberry.field(
        default=None, description="Only those that change. What guards the account cannot be turned off."
    )
    quiet_from: str | None = strawberry.field(
        default=None, description="As 22:00.", metadata={CHECK: partial(hour_of, field="quietFrom")}
    )
    quiet_until: str | None = strawberry.field(
        default=None, description="As 08:00.", metadata={CHECK: partial(hour_of, field="quietUntil")}
    )
    time_zone: str | None = strawberry.field(
        default=None,
        description="Where the person is, as the IANA names it: Asia/Shanghai.",
        metadata={CHECK: zone_name_of},
    )


@strawberry.input(description="What was read.")
class ReadNoticesInput:
    until: datetime = strawberry.field(description="Whatever was told until then: `at` of the newest that was seen.")


@strawberry.type
class ContactMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Send this device its pushes there. Say it at each start of the app: tokens change, and who registers "
        "anew is known to have the app still. It ends with the session."
    )
    async def register_push(self, info: Info, input: Input[RegisterPushInput]) -> RegisterPushResult | None:
        actor, locale = info.context.user, info.context.locale
        return await commit(info, lambda db: _register(db, actor, input, locale))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Say of what to be told by which way, when to be left in peace, and where one is.")
    async def set_contact_preferences(
        self, info: Info, input: Input[SetContactPreferencesInput]
    ) -> SetContactPreferencesResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _set_preferences(db, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Say that whatever was told until then is read; what is read is pushed no more.")
    async def read_notices(self, info: Info, input: Input[ReadNoticesInput]) -> ReadNoticesResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _read(db, actor, input))


async def _register(db: Db, actor: UserActor, input: RegisterPushInput, locale: Locale) -> users.User:
    await devices.register(db, actor, input.platform, input.token, locale)
    return await db.get_one(users.User, actor.user_id)


async def _set_preferences(db: Db, actor: UserActor, input: SetContactPreferencesInput) -> users.User:
    wishes = [ContactChoice(each.notice_class, each.channel, each.is_allowed) for each in input.preferences or ()]
    await change(
        db,
        actor,
        wishes=wishes,
        quiet_from=input.quiet_from,
        quiet_until=input.quiet_until,
        time_zone=input.time_zone,
    )
    return await db.get_one(users.User, actor.user_id)


async def _read(db: Db, actor: UserActor, input: ReadNoticesInput) -> users.User:
    await notices.read_until(db, actor, input.until)
    return await db.get_one(users.User, actor.user_id)
