"""Gates: who may begin anything new, and what they must have proven before money of this amount is accepted or drawn."""

from domain.actors import UserActor
from domain.facts import readings
from domain.people import putting_away, recoveries, stepping_up
from domain.people.profiles import IdentityStatus, identity_of
from domain.people.users import User, UserStatus
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.money import Money
from infra.settings import settings
from infra.words import N_

CLOSING = N_("Your account is being closed, so you cannot start anything new.")


async def refuse_unproven(db: Db, actor: UserActor, amount: Money) -> None:
    """Refuses NOT_ALLOWED whom no register knows, above a setting, and a mismatch at any amount; and STEP_UP_REQUIRED above
    another. A currency that no setting names is above both. At any amount NOT_OPEN whoever recovered, while that can be undone,
    and NOT_ALLOWED whose account is being closed, and whom no register knows where something was left open with their number.
    """
    await _refuse_unknown(db, actor, amount, settings().unchecked_most.get(amount.currency, -1))


async def refuse_unchecked(db: Db, actor: UserActor, amount: Money) -> None:
    """Guard money that leaves: refuses NOT_ALLOWED whoever is not CHECKED, at any amount."""
    await _refuse_unknown(db, actor, amount, -1)


async def refuse_closing(db: Db, actor: UserActor) -> None:
    """Refuses NOT_ALLOWED whose account is being closed."""
    # Whoever puts the account away waits until this is over, or it sees that they did.
    person = await db.get_one(User, actor.user_id, with_for_update={"read": True}, populate_existing=True)
    if person.status is not UserStatus.ACTIVE:
        raise Refusal(RefusalCode.NOT_ALLOWED, CLOSING)


async def _refuse_unknown(db: Db, actor: UserActor, amount: Money, unchecked_most: int) -> None:
    await refuse_closing(db, actor)
    await recoveries.refuse(db, actor)
    status = identity_of(await readings.sheet(db, actor.user_id))
    is_unknown = status is IdentityStatus.UNCHECKED and (
        amount.minor > unchecked_most or await putting_away.may_owe(db, actor.user_id)
    )
    if status is IdentityStatus.MISMATCH or is_unknown:
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("Please verify your identity first."))
    if amount.minor > settings().step_up_above.get(amount.currency, -1):
        await stepping_up.require_step_up(db, actor)
