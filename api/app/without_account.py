"""What would be left without a linked account, before anybody unlinks it."""

from typing import Annotated

import strawberry

from api.app.scores import Score
from api.graphql.context import Info
from api.graphql.mutations import Input, answer, id_check, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain.matching import without_account
from domain.permissions import Permission
from infra.words import N_, say


@shows(
    without_account.LinkPreview,
    description="What would be left if an account were unlinked: scored and matched by what goes on serving. Nothing is kept.",
)
class LinkPreview:
    before: Score | None = strawberry.field(description="The score as it is; null where there is none.")
    after: Score | None = strawberry.field(description="The score as it would be; null where there would be none.")
    matches_gained: int = strawberry.field(description="Products that the person could have only without the account.")
    matches_lost: int = strawberry.field(description="Products that they could have only with it.")

    @strawberry.field(description="The same for the person, in a sentence.")
    def message(root: strawberry.Parent[without_account.LinkPreview], info: Info) -> str:
        values = {"lost": root.matches_lost, "gained": root.matches_gained}
        return say(_preview_sentence(root), info.context.locale, **values, **_points(root))


def _preview_sentence(preview: without_account.LinkPreview) -> str:
    if preview.after is None:
        return N_("Without this account you would have no score. You would lose {lost} matches and gain {gained}.")
    if preview.before is None:
        return N_("Your score would be {after} points. You would lose {lost} matches and gain {gained}.")
    return N_(
        "Your score would be {after} points instead of {before}. You would lose {lost} matches and gain {gained}."
    )


def _points(preview: without_account.LinkPreview) -> dict[str, int]:
    known = {"before": preview.before, "after": preview.after}
    return {name: score.points for name, score in known.items() if score is not None}


PreviewUnlinkResult = Annotated[
    LinkPreview | Refused,
    strawberry.union("PreviewUnlinkResult", description="What would be left, or why it cannot be tried."),
]


@strawberry.input(description="Which account to try to do without.")
class PreviewUnlinkInput:
    linked_account_id: strawberry.ID = strawberry.field(
        description="Of a LinkedAccount.", metadata=id_check("LinkedAccount")
    )


@strawberry.type
class WithoutAccountMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="What unlinking an account would make of score and matches. Nothing is kept.")
    async def preview_unlink(self, info: Info, input: Input[PreviewUnlinkInput]) -> PreviewUnlinkResult | None:
        actor = info.context.user
        account_id = id_of("LinkedAccount", input.linked_account_id, "input", "linkedAccountId")
        return await answer(info.context, without_account.preview(actor, account_id))
