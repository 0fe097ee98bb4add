"""Agreement: an accepted offer in force."""

import strawberry

from api.graphql.showing import Node


@strawberry.type(description="An accepted offer in force.")
class Agreement(Node):
    pass
