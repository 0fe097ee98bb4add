"""Trying a campaign on oneself: one of the staff proves that a phone is theirs, and its message comes to their own app, marked."""

from uuid import UUID

from domain.actors import StaffActor
from domain.notices import contacting
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.kinds import NoticeKind, declare
from domain.notices.telling import notify
from domain.people import answering, signing_in, users
from domain.people.challenges import Challenge, CodePurpose
from infra import events, outbox
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.words import N_, Locale
from membership.campaigns import campaigns
from membership.campaigns.campaigns import Campaign
from membership.campaigns.words import CAMPAIGN_MESSAGE
from membership.words import MEMBERSHIP

TRIED = events.declare("campaign.tried", by=str)
CODE = ("input", "code")
NO_APP = N_("Nobody uses the app with this number yet. Sign in there first.")
NOT_WANTED = N_("Your own preferences let no such message through. Change them in the app.")
CAMPAIGN_TRIAL = declare(
    NoticeKind(
        "campaign_trial",
        NoticeClass.MARKETING,
        N_("Test: {title}"),
        "{body}",
        lock=CAMPAIGN_MESSAGE.lock,
        link=MEMBERSHIP,
    )
)


async def ask_for_code(db: Db, *, phone: str, ip: str, locale: Locale) -> Challenge:
    """Send a code to the phone, within the limits of all codes. Refuses INVALID and RATE_LIMITED."""
    purpose = CodePurpose.CAMPAIGN_TRIAL
    return await signing_in.request_code(db, phone=phone, ip=ip, locale=locale, purpose=purpose)


async def send(db: Db, actor: StaffActor, *, campaign_id: UUID, challenge_id: UUID, code: str) -> Campaign | Refusal:
    """Let the campaign's message come to whoever has the phone that the code was sent to. A wrong code is counted, so its refusal is
    returned. Refuses NOT_FOUND where nobody uses the app with this number, and NOT_ELIGIBLE where they want no such news.
    """
    campaign = await campaigns.demand(db, campaign_id)
    challenge = await answering.compare(db, challenge_id, code, CodePurpose.CAMPAIGN_TRIAL)
    if isinstance(challenge, Refusal):
        return challenge
    user = await users.find_by_phone(db, challenge.phone_index)
    if user is None:
        raise not_found(NO_APP, CODE)
    answer = await contacting.may_contact(db, user.id, NoticeClass.MARKETING, NoticeChannel.APP)
    if not answer.is_allowed:
        raise Refusal(RefusalCode.NOT_ELIGIBLE, NOT_WANTED, field=CODE)
    await answering.settle(db, challenge)
    await outbox.announce(db, TRIED, user_id=user.id, subject_id=campaign.id, by=str(actor.staff_id))
    return campaign


async def tell(db: Db, user_id: UUID, campaign_id: UUID) -> None:
    """The message as its people will read it, in the list of whoever tries it."""
    campaign = await db.get_one(Campaign, campaign_id)
    await notify(db, user_id, CAMPAIGN_TRIAL, campaign.id, **campaign.written)
