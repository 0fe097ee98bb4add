"""The person who asks, and all that is theirs."""

from datetime import date
from typing import Annotated, Any, cast

import strawberry

from api.app.accounts import CountingOn, LinkedAccount
from api.app.agreements import Agreement
from api.app.applications import Application
from api.app.consents import Consent
from api.app.devices import Device
from api.app.disputes import Dispute
from api.app.evidence import Evidence
from api.app.held_factors import HeldFactor
from api.app.invitations import Invitation
from api.app.lookups import Lookup
from api.app.matches import Match, Matching, WhyNot, matching_of, why_not_of
from api.app.matches import page_of as matches_of
from api.app.membership import Membership
from api.app.notices import ContactPreferences, Notice
from api.app.payment_accounts import PaymentAccount
from api.app.redemptions import Redemption
from api.app.scores import PathToGrade, Score, Scoring
from api.graphql.connections import After, Connection, CountedConnection, First, listed, listed_counted
from api.graphql.context import Info
from api.graphql.inputs import CHECK
from api.graphql.mutations import Input, commit
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.agreements import agreements
from domain.applications import applications
from domain.consent import consents, lookups
from domain.credit import assessing
from domain.disputes import disputes
from domain.evidence import leaves, proving
from domain.facts import accounts, leaving
from domain.invitations import invitations
from domain.market.kinds import ProductKind
from domain.notices import notices, preferences
from domain.people import devices, payment_accounts, profiles, second_factors, stepping_up, users
from domain.people.profiles import IdentityStatus
from domain.permissions import Permission
from infra.database import Db, reading
from membership import memberships, redemptions
from ml.score import telling

ProductId = Annotated[strawberry.ID, strawberry.argument(description="Of a Product.")]


@shows(profiles.Profile, description="What the person says of themselves; each is kept with its date.")
class Profile:
    birth_date: date | None = strawberry.field(description="Null until told.")
    region: str | None = strawberry.field(description="Where the person lives, ISO 3166-2 as CN-SH; null until told.")
    occupation: str | None = strawberry.field(description="What the person does; null until told.")
    identity: IdentityStatus = strawberry.field(description="Whether the person is known to be who they say.")

    @strawberry.field(description="What comes in each month, as the person tells; null until told.")
    def monthly_income(root: strawberry.Parent[profiles.Profile]) -> Money | None:
        income = root.monthly_income
        return Money.of(income.minor, income.currency) if income else None


@shows(users.User, description="A person, known by a phone number.")
class User(Node):
    @strawberry.field(description="Enough to recognise it by: +86 138****8000.")
    def masked_phone(root: strawberry.Parent[users.User], info: Info) -> str:
        return info.context.load(users.masked_phones, root.id)

    @strawberry.field(description="What the person says of themselves.")
    def profile(root: strawberry.Parent[users.User], info: Info) -> Profile:
        return info.context.load(profiles.profiles_of, root.id)

    @strawberry.field(description="Where scoring stands, and what to do where there is no score.")
    def scoring(root: strawberry.Parent[users.User], info: Info) -> Scoring:
        return info.context.load(assessing.standings, root.id)

    @strawberry.field(description="`scoring.score`, for short: the newest score, or null.")
    async def score(root: strawberry.Parent[users.User], info: Info) -> Score | None:
        standing = await info.context.load(assessing.standings, root.id)
        return standing.score if standing else None

    @strawberry.field(description="What would bring the next grade; null at the best grade, and without a score.")
    async def path_to_grade(root: strawberry.Parent[users.User]) -> PathToGrade | None:
        async with reading() as db:
            return cast(PathToGrade, await telling.path_of(db, root.id))

    @strawberry.field(description="The accounts that are linked now, the first one first.")
    def linked_accounts(root: strawberry.Parent[users.User], info: Info) -> list[LinkedAccount]:
        return info.context.load(accounts.of_users, root.id)

    @strawberry.field(description="Where the person is signed in, the device used last first; a hundred at most.")
    def devices(root: strawberry.Parent[users.User], info: Info) -> list[Device]:
        return info.context.load(devices.of_users, root.id)

    @strawberry.field(description="Where money goes to the person and comes from, the default first.")
    def payment_accounts(root: strawberry.Parent[users.User], info: Info) -> list[PaymentAccount]:
        return info.context.load(payment_accounts.of_users, root.id)

    @strawberry.field(description="What signing in asks for beside a code, the first one first.")
    async def second_factors(root: strawberry.Parent[users.User], info: Info) -> list[HeldFactor]:
        async with reading() as db:
            return cast(list[HeldFactor], await second_factors.in_force(db, info.context.user.user_id))

    @strawberry.field(
        description="What a passkey signs for `stepUp`, as WebAuthn's request options in JSON; null without one."
    )
    async def step_up_options(root: strawberry.Parent[users.User], info: Info) -> str | None:
        actor = info.context.user
        async with reading() as db:
            challenge = await stepping_up.challenge_of(db, actor)
            return await second_factors.request_options(db, root.id, challenge)

    @strawberry.field(description="What counts on of accounts that were unlinked, and until when.")
    async def counting_on(root: strawberry.Parent[users.User], info: Info) -> list[CountingOn]:
        return [*(await info.context.load(leaving.of_users, root.id) or ())]

    @strawberry.field(description="Tier and benefits; null for a moment after registering.")
    def membership(root: strawberry.Parent[users.User], info: Info) -> Membership | None:
        return info.context.load(memberships.memberships_of, root.id)

    @strawberry.field(description="Products for this person, best first. Asking counts them as shown.")
    async def matches(
        root: strawberry.Parent[users.User],
        info: Info,
        kind: Annotated[ProductKind | None, strawberry.argument(description="Only of this kind.")] = None,
        first: First = None,
        after: After = None,
    ) -> CountedConnection[Match] | None:
        return await matches_of(info.context, root.id, kind, first, after)

    @strawberry.field(description="How my matches are ordered.")
    async def matching(root: strawberry.Parent[users.User]) -> Matching:
        return await matching_of(root.id)

    @strawberry.field(description="Why a product is not among my matches, or where it stands. Null if there is none.")
    async def why_not(
        root: strawberry.Parent[users.User],
        product_id: ProductId,
    ) -> WhyNot | None:
        return await why_not_of(root.id, product_id)

    @strawberry.field(description="What the person applied for, newest first.")
    async def applications(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> CountedConnection[Application] | None:
        return await listed_counted(
            applications.visible_to(info.context.user), [applications.Application.id], first, after, newest_first=True
        )

    @strawberry.field(description="The offers that the person accepted, newest first.")
    async def agreements(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> CountedConnection[Agreement] | None:
        return await listed_counted(
            agreements.visible_to(info.context.user), [agreements.Agreement.id], first, after, newest_first=True
        )

    @strawberry.field(description="What the person lets partners see, newest first; those that are over too.")
    async def consents(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> Connection[Consent] | None:
        return await listed(
            consents.visible_to(info.context.user), [consents.Consent.id], first, after, newest_first=True
        )

    @strawberry.field(description="Who looked at the person's score or grade, newest first; our own staff too.")
    async def lookups(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> Connection[Lookup] | None:
        return await listed(lookups.visible_to(info.context.user), [lookups.Lookup.id], first, after, newest_first=True)

    @strawberry.field(
        description="What the person disputes of their scores, newest first; those that were answered too."
    )
    async def disputes(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> Connection[Dispute] | None:
        return await listed(
            disputes.visible_to(info.context.user), [disputes.Dispute.id], first, after, newest_first=True
        )

    @strawberry.field(description="What partners invite the person to and they have not answered, newest first.")
    def invitations(root: strawberry.Parent[users.User], info: Info) -> list[Invitation]:
        return info.context.load(invitations.of_users, root.id)

    @strawberry.field(description="What the person used or may use of their benefits, newest first.")
    async def redemptions(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> Connection[Redemption] | None:
        return await listed(
            redemptions.visible_to(info.context.user), [redemptions.Redemption.id], first, after, newest_first=True
        )

    @strawberry.field(description="What stands about the person in the log of evidence, newest first.")
    async def evidence(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> Connection[Evidence] | None:
        return await listed(
            proving.visible_to(info.context.user), [leaves.Evidence.id], first, after, newest_first=True
        )

    @strawberry.field(description="What the person was told, newest first.")
    async def notices(
        root: strawberry.Parent[users.User], info: Info, first: First = None, after: After = None
    ) -> Connection[Notice] | None:
        return await listed(notices.visible_to(info.context.user), [notices.Notice.id], first, after, newest_first=True)

    @strawberry.field(description="How many of them are not read.")
    async def unread_notices(root: strawberry.Parent[users.User], info: Info) -> int:
        return await info.context.load(notices.unread, root.id)

    @strawberry.field(description="By which way and when the person wants to be told things.")
    async def contact_preferences(root: strawberry.Parent[users.User], info: Info) -> ContactPreferences:
        return await info.context.load(preferences.of_users, root.id)


UpdateProfileResult = Annotated[
    User | Refused,
    strawberry.union("UpdateProfileResult", description="The person with the new profile, or why it stays as it was."),
]


@strawberry.input(description="What to say anew. An absent field keeps what is there, null clears it.")
class UpdateProfileInput:
    birth_date: strawberry.Maybe[date | None] = strawberry.field(description="Fixed once the identity is CHECKED.")
    region: strawberry.Maybe[str | None] = strawberry.field(
        description="An ISO 3166-2 code, as one of `regions`.", metadata={CHECK: profiles.region_of}
    )
    occupation: strawberry.Maybe[str | None] = strawberry.field(
        description="One of `occupations`, or the person's own words.", metadata={CHECK: profiles.occupation_of}
    )
    monthly_income: strawberry.Maybe[MoneyInput | None] = strawberry.field(description="What comes in each month.")

    def changes(self) -> dict[str, Any]:
        """What is to change, by name; None clears."""
        changes: dict[str, Any] = {
            name: told.value
            for name in ("birth_date", "region", "occupation")
            if (told := getattr(self, name)) is not None
        }
        if self.monthly_income is not None:
            income = self.monthly_income.value
            changes["monthly_income"] = income.to_money("input", "monthlyIncome") if income else None
        return changes


@strawberry.type
class PeopleQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field(description="Whoever is signed in; null when nobody is.")
    async def viewer(self, info: Info) -> User | None:
        actor = info.context.actor
        return await info.context.load(users.by_ids, actor.user_id) if isinstance(actor, UserActor) else None


@strawberry.type
class PeopleMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Say something of oneself; scoring and matches follow within seconds.")
    async def update_profile(self, info: Info, input: Input[UpdateProfileInput]) -> UpdateProfileResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _update_profile(db, actor, input))


async def _update_profile(db: Db, actor: UserActor, input: UpdateProfileInput) -> users.User:
    await profiles.update(db, actor, input.changes())
    return await db.get_one(users.User, actor.user_id)
