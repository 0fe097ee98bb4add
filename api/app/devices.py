"""Devices: where the person is signed in, and ending one of them."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.people import devices, sessions
from domain.permissions import Permission


@shows(sessions.Session, description="Where the person is signed in.")
class Device(Node):
    viewer = viewer_field()

    @strawberry.field(description="What it was called when the person signed in.")
    def name(root: strawberry.Parent[sessions.Session], info: Info) -> str:
        return info.context.load(devices.names, (root.user_id, root.id))

    @strawberry.field(description="When it last asked for new tokens: it was in use then, and for some minutes after.")
    def last_used_at(root: strawberry.Parent[sessions.Session]) -> datetime:
        return root.renewed_at

    @strawberry.field(description="Whether it is the device that asks.")
    def is_this(root: strawberry.Parent[sessions.Session], info: Info) -> bool:
        return root.id == info.context.user.session_id


EndDeviceResult = Annotated[
    Device | Refused,
    strawberry.union("EndDeviceResult", description="The device, signed out now, or why it is not."),
]


@strawberry.input(description="Which device to sign out.")
class EndDeviceInput:
    device_id: strawberry.ID = strawberry.field(description="Of a Device.", metadata=id_check("Device"))


@strawberry.type
class DeviceMutation:
    @requires(Permission.SIGNED_IN, even_recovering=True)
    @strawberry.mutation(
        description="Sign a device out, as one that was lost. Its subscriptions end at once; doing it twice is doing it once. Of a "
        "device that signed in without the second factor, which was about to end: it stays, as it was not the person; asks for a "
        "step-up where this device never proved one."
    )
    async def end_device(self, info: Info, input: Input[EndDeviceInput]) -> EndDeviceResult | None:
        actor = info.context.user
        device_id = id_of("Device", input.device_id, "input", "deviceId")
        return await commit(info, lambda db: devices.end(db, actor, device_id))
