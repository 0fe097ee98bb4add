"""The consents that people gave a partner, each without its person."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.graphql.connections import After, Connection, First, connection, resumable
from api.graphql.context import Info
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.consent import consents, feed
from domain.consent.consents import ConsentStatus, Purpose
from domain.permissions import Permission


@shows(consents.Consent, description="What a person lets the partner see, for one purpose, until it ends.")
class Consent(Node):
    purpose: Purpose = strawberry.field(description="What for; asking for anything else is refused.")
    scopes: list[str] = strawberry.field(description="What may be asked.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    updated_at: datetime = strawberry.field(description="When it was given, or taken back.")

    @strawberry.field(description="Whether it still opens anything.")
    def status(root: strawberry.Parent[consents.Consent], info: Info) -> ConsentStatus:
        return info.context.load(consents.statuses, (root.user_id, root.id))


@strawberry.type
class ConsentQuery:
    @requires(Permission.CHECK_SCORES)
    @strawberry.field(
        description="A feed of changes, oldest first. Ask again after `endCursor`, which is there even when nothing is, "
        "and no change is ever missed. What ends by itself is no change: see `expiresAt`."
    )
    async def consents(
        self,
        info: Info,
        updated_since: Annotated[
            datetime | None,
            strawberry.argument(description="Only what changed then or later; to begin with, not to go on."),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Consent] | None:
        page = await feed.page(info.context.partner, updated_since, first=first, after=after)
        return cast(Connection[Consent], connection(resumable(page)))
