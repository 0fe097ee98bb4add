"""Linking social and shopping accounts."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, answer, commit, id_check, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.credit.assessing import points_gained
from domain.facts import accounts, counting_on, leaving
from domain.facts.accounts import LinkStatus
from domain.facts.vocabulary import VOCABULARY
from domain.permissions import Permission
from infra.clock import local_day
from infra.database import Db, reading
from infra.ids import global_id
from infra.words import N_, Locale, say
from integrations import linking
from integrations import registrations as registry
from integrations.providers.descriptions import Category, Registration

show(
    Category,
    "What people use a provider for.",
    name="ProviderCategory",
    SOCIAL="To talk to others.",
    SHOPPING="To buy things.",
    PAYMENT="To pay.",
)


@shows(Registration, description="Where somebody can have an account.")
class Provider:
    @strawberry.field(description="Its permanent name, as `wechat`; `startAccountLink` takes it.")
    def key(root: strawberry.Parent[Registration]) -> str:
        return root.provider.key

    @strawberry.field(description="What people call it, in the language that was asked for.")
    def name(root: strawberry.Parent[Registration], info: Info) -> str:
        return say(root.provider.name, info.context.locale)

    @strawberry.field(description="What people use it for.")
    def category(root: strawberry.Parent[Registration]) -> Category:
        return root.provider.category

    @strawberry.field(description="What is read there, in the person's language.")
    def reads(root: strawberry.Parent[Registration], info: Info) -> list[str]:
        return [say(sentence, info.context.locale) for sentence in root.reads]


def as_provider(registration: Registration) -> Provider:
    return cast(Provider, registration)


@shows(
    counting_on.CountingOn,
    description="What of an account counts on after it is unlinked, so that nobody is scored better by hiding a debt.",
)
class CountingOn:
    until: datetime = strawberry.field(description="Until when. It ends by itself, and by linking the account again.")
    points: int = strawberry.field(
        description="Points that it takes from the score until then, as it did while linked."
    )

    @strawberry.field(description="Where the account is or was.")
    def provider(root: strawberry.Parent[counting_on.CountingOn]) -> Provider:
        return as_provider(registry.registration_or_name(root.provider))

    @strawberry.field(description="Which debts and arrears count on, in the language that was asked for.")
    def facts(root: strawberry.Parent[counting_on.CountingOn], info: Info) -> list[str]:
        return [say(VOCABULARY[name].label, info.context.locale) for name in root.facts]

    @strawberry.field(description="All this as a sentence, in the language that was asked for.")
    def message(root: strawberry.Parent[counting_on.CountingOn], info: Info) -> str:
        facts = (SEPARATOR[info.context.locale]).join(CountingOn.facts(root, info))
        return say(_counts_on(root), info.context.locale, until=local_day(root.until), facts=facts, points=root.points)


SEPARATOR: dict[Locale, str] = {"zh": "、", "en": ", "}


def _counts_on(left: counting_on.CountingOn) -> str:
    if left.facts and left.points:
        return N_(
            "Once unlinked, these count on until {until}: {facts}. So do {points} points. All else is no longer used."
        )
    if left.facts:
        return N_("Once unlinked, these count on until {until}: {facts}. All else is no longer used.")
    if left.points:
        return N_("Once unlinked, your score stays {points} points lower until {until}, as with this account.")
    return N_(
        "After you unlink it, a person reviews your applications until {until}, because we can no longer see your income."
    )


@shows(accounts.LinkedAccount, description="A person's account at a provider.")
class LinkedAccount(Node):
    status: LinkStatus = strawberry.field(description="Whether it can be read.")
    linked_at: datetime = strawberry.field(description="When it was linked last.")
    ends_at: datetime | None = strawberry.field(
        description="When the person's permission ends unless they link it again; null where nobody told."
    )
    unlinked_at: datetime | None = strawberry.field(description="When it was unlinked; null while it is linked.")
    viewer = viewer_field()

    @strawberry.field(description="Where the account is.")
    def provider(root: strawberry.Parent[accounts.LinkedAccount]) -> Provider:
        return as_provider(registry.registration_or_name(root.provider))

    @strawberry.field(
        description="What would count on if it were unlinked now: show it before asking for a yes. Null where nothing would."
    )
    async def if_unlinked(root: strawberry.Parent[accounts.LinkedAccount]) -> CountingOn | None:
        if root.status == LinkStatus.UNLINKED:
            return None
        async with reading() as db:
            left = await leaving.foresee(db, root.user_id, root.id, root.source, points_gained)
        return cast(CountingOn | None, left)

    @strawberry.field(
        description="What counts on of it since it was unlinked or BROKEN; null while it is read, or where nothing does."
    )
    async def counts_on(root: strawberry.Parent[accounts.LinkedAccount], info: Info) -> CountingOn | None:
        if root.status in accounts.READABLE:
            return None
        left = await info.context.load(leaving.of_users, root.user_id)
        return cast(CountingOn | None, next((each for each in left or () if each.account_id == root.id), None))

    @strawberry.field(description="What the person is called there; null where the provider does not tell.")
    def display_name(root: strawberry.Parent[accounts.LinkedAccount], info: Info) -> str | None:
        return info.context.load(accounts.display_names, (root.user_id, root.id))


@shows(
    linking.StartedLink,
    description="A link that was begun. Open `authorizationUrl`; the provider sends the person back to `redirectUri`.",
)
class AccountLinkRequest:
    authorization_url: URL = strawberry.field(description="The provider's page, to be opened in a browser.")

    @strawberry.field(description="Names the request; nothing takes it yet.")
    def id(root: strawberry.Parent[linking.StartedLink]) -> strawberry.ID:
        return strawberry.ID(global_id("AccountLinkRequest", root.request.id))

    @strawberry.field(description="Until when the person can come back.")
    def expires_at(root: strawberry.Parent[linking.StartedLink]) -> datetime:
        return root.request.expires_at


StartAccountLinkResult = Annotated[
    AccountLinkRequest | Refused,
    strawberry.union("StartAccountLinkResult", description="A link that was begun, or why it could not be."),
]


CompleteAccountLinkResult = Annotated[
    LinkedAccount | Refused,
    strawberry.union("CompleteAccountLinkResult", description="The linked account, or why there is none."),
]
UnlinkAccountResult = Annotated[
    LinkedAccount | Refused,
    strawberry.union("UnlinkAccountResult", description="The account, unlinked now, or why not."),
]


@strawberry.input(description="Which account to link, and where to come back to.")
class StartAccountLinkInput:
    provider: str = strawberry.field(description="A provider's `key`.")
    redirect_uri: URL = strawberry.field(
        description="`longan://...`, or an https address that this app was set up with."
    )


@strawberry.input(description="What the provider answered.")
class CompleteAccountLinkInput:
    callback_url: URL = strawberry.field(description="The whole address that the provider sent the person back to.")


@strawberry.input(description="Which account to unlink.")
class UnlinkAccountInput:
    linked_account_id: strawberry.ID = strawberry.field(
        description="Of a LinkedAccount.", metadata=id_check("LinkedAccount")
    )


@strawberry.type
class AccountQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field(description="Where accounts can be linked.")
    def account_providers(self) -> list[Provider]:
        return [as_provider(each) for each in registry.registrations().values()]


@strawberry.type
class AccountMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Begin to link an account. This session must also complete it.")
    async def start_account_link(
        self, info: Info, input: Input[StartAccountLinkInput]
    ) -> StartAccountLinkResult | None:
        return await answer(info.context, linking.start(info.context.user, input.provider, input.redirect_uri))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Link the account that the person has allowed. The same address in the same session answers the same account."
    )
    async def complete_account_link(
        self, info: Info, input: Input[CompleteAccountLinkInput]
    ) -> CompleteAccountLinkResult | None:
        return await answer(info.context, linking.complete(info.context.user, input.callback_url))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Unlink an account. What it told is not used any more, but for what `ifUnlinked` says beforehand."
    )
    async def unlink_account(self, info: Info, input: Input[UnlinkAccountInput]) -> UnlinkAccountResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _unlink(db, actor, input))


async def _unlink(db: Db, actor: UserActor, input: UnlinkAccountInput) -> accounts.LinkedAccount:
    account_id = id_of("LinkedAccount", input.linked_account_id, "input", "linkedAccountId")
    return await accounts.unlink(db, actor, account_id, weigh=points_gained)
