"""Notices: what the person was told, and by which way and when they want to be told things."""

from datetime import datetime

import strawberry

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.showing import Node, shows
from domain.notices import notices
from domain.notices.classes import CHOICES, NoticeChannel, NoticeClass, is_wanted
from domain.notices.devices import DevicePlatform
from domain.notices.preferences import Preferences

show(
    NoticeClass,
    "Why somebody is told something.",
    SECURITY="It guards the account; it always comes, by day and night.",
    MONEY="Money came, went or is due.",
    SERVICE="Something that the person asked for has moved on.",
    MARKETING="An advertisement; by push and text only to whoever asks for it.",
    COLLECTION="A payment is late.",
)
show(
    NoticeChannel,
    "By which way somebody is told something.",
    APP="The app's list of notices.",
    PUSH="A message on a device's screen.",
    SMS="A text message.",
)
show(
    DevicePlatform,
    "Whose pushes a device takes.",
    APNS="Apple's.",
    FCM="Google's.",
    WECHAT="WeChat's subscribed messages: one for each consent.",
)


@shows(notices.Notice, description="Something that the person was told: what happened, and what to do.")
class Notice(Node):
    viewer = viewer_field()
    notice_class: NoticeClass = strawberry.field(name="class", description="Why the person is told.")
    at: datetime = strawberry.field(description="When it was told.")
    read_at: datetime | None = strawberry.field(description="When it was read; null until then.")

    @strawberry.field(description="What happened, in the language that was asked for.")
    async def title(root: strawberry.Parent[notices.Notice], info: Info) -> str:
        seal = await info.context.load(notices.seals, root.user_id)
        return notices.title_of(root, seal, info.context.locale)

    @strawberry.field(description="More of it, and what to do.")
    async def body(root: strawberry.Parent[notices.Notice], info: Info) -> str:
        seal = await info.context.load(notices.seals, root.user_id)
        return notices.body_of(root, seal, info.context.locale)

    @strawberry.field(
        description="Where it leads: in the app, as longan://applications/..., or an https address; null where nowhere."
    )
    async def link(root: strawberry.Parent[notices.Notice], info: Info) -> str | None:
        seal = await info.context.load(notices.seals, root.user_id)
        return notices.link_of(root, seal, info.context.locale)


@strawberry.type(description="Whether the person is told things of one class by one way.")
class ContactPreference:
    notice_class: NoticeClass = strawberry.field(name="class", description="Of this class.")
    channel: NoticeChannel = strawberry.field(description="By this way.")
    is_allowed: bool = strawberry.field(description="Whether they are. What guards the account cannot be turned off.")


@shows(Preferences, description="By which way and when the person wants to be told things.")
class ContactPreferences:
    time_zone: str = strawberry.field(
        description="Where the person is, as the IANA names it; Etc/Unknown until they say so, where their number does not "
        "tell. Nothing but SECURITY comes by push and text until then."
    )

    @strawberry.field(description="Each class by each way.")
    def preferences(root: strawberry.Parent[Preferences]) -> list[ContactPreference]:
        return [
            ContactPreference(notice_class=each, channel=way, is_allowed=is_wanted(root.chosen, (each, way)))
            for each, way in CHOICES
        ]

    @strawberry.field(description="From then on nothing rings, as 22:00 by the person's clock.")
    def quiet_from(root: strawberry.Parent[Preferences]) -> str:
        return f"{root.quiet_from:%H:%M}"

    @strawberry.field(description="And until then, as 08:00. The same as `quietFrom`: there are no quiet hours.")
    def quiet_until(root: strawberry.Parent[Preferences]) -> str:
        return f"{root.quiet_until:%H:%M}"
