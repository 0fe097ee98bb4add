"""Linking social and shopping accounts."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import commit, id_of, told
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.facts import accounts
from domain.facts.accounts import LinkStatus
from domain.permissions import Permission
from infra.database import Db
from infra.ids import global_id
from infra.words import say
from integrations import linking
from integrations import registrations as registry
from integrations.providers.descriptions import Category, Registration

strawberry.enum(Category, name="ProviderCategory")


@shows(Registration, description="Where somebody can have an account.")
class Provider:
    @strawberry.field
    def key(root: strawberry.Parent[Registration]) -> str:
        return root.provider.key

    @strawberry.field
    def name(root: strawberry.Parent[Registration], info: Info) -> str:
        return say(root.provider.name, info.context.locale)

    @strawberry.field
    def category(root: strawberry.Parent[Registration]) -> Category:
        return root.provider.category

    @strawberry.field(description="What is read there, in the person's language.")
    def reads(root: strawberry.Parent[Registration], info: Info) -> list[str]:
        return [say(sentence, info.context.locale) for sentence in root.reads]


def as_provider(registration: Registration) -> Provider:
    return cast(Provider, registration)


@shows(accounts.LinkedAccount, description="A person's account at a provider.")
class LinkedAccount(Node):
    status: LinkStatus
    linked_at: datetime
    unlinked_at: datetime | None

    @strawberry.field
    def provider(root: strawberry.Parent[accounts.LinkedAccount]) -> Provider:
        return as_provider(registry.known(root.provider))

    @strawberry.field
    async def display_name(root: strawberry.Parent[accounts.LinkedAccount], info: Info) -> str | None:
        return await info.context.load(accounts.display_names, (root.user_id, root.id))


@shows(linking.StartedLink, description="Send the person to `authorizationUrl`; he comes back to the redirect address.")
class AccountLinkRequest:
    authorization_url: URL

    @strawberry.field
    def id(root: strawberry.Parent[linking.StartedLink]) -> strawberry.ID:
        return strawberry.ID(global_id("AccountLinkRequest", root.request.id))

    @strawberry.field
    def expires_at(root: strawberry.Parent[linking.StartedLink]) -> datetime:
        return root.request.expires_at


StartAccountLinkResult = Annotated[AccountLinkRequest | Refused, strawberry.union("StartAccountLinkResult")]
CompleteAccountLinkResult = Annotated[LinkedAccount | Refused, strawberry.union("CompleteAccountLinkResult")]
UnlinkAccountResult = Annotated[LinkedAccount | Refused, strawberry.union("UnlinkAccountResult")]


@strawberry.input
class StartAccountLinkInput:
    provider: str
    redirect_uri: URL


@strawberry.input
class CompleteAccountLinkInput:
    callback_url: URL


@strawberry.input
class UnlinkAccountInput:
    linked_account_id: strawberry.ID


@strawberry.type
class AccountQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field
    def account_providers(self) -> list[Provider]:
        return [as_provider(each) for each in registry.registrations().values()]


@strawberry.type
class AccountMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation
    async def start_account_link(self, info: Info, input: StartAccountLinkInput) -> StartAccountLinkResult | None:
        return await told(info.context, linking.start(info.context.user, input.provider, input.redirect_uri))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation
    async def complete_account_link(
        self, info: Info, input: CompleteAccountLinkInput
    ) -> CompleteAccountLinkResult | None:
        return await told(info.context, linking.complete(info.context.user, input.callback_url))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation
    async def unlink_account(self, info: Info, input: UnlinkAccountInput) -> UnlinkAccountResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _unlink(db, actor, input))


async def _unlink(db: Db, actor: UserActor, input: UnlinkAccountInput) -> accounts.LinkedAccount:
    account_id = id_of("LinkedAccount", input.linked_account_id, "input", "linkedAccountId")
    return await accounts.unlink(db, actor, account_id)
