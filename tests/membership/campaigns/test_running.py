"""A campaign runs, whatever ends in the middle: each is told once or left out by lot, until it is paused, ended or over."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from domain.actors import StaffActor, UserActor
from domain.notices import notices, preferences
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.kinds import StillWanted
from domain.notices.notices import Notice
from domain.notices.preferences import ContactChoice
from domain.runs.running import Pace
from domain.runs.runs import RunState
from infra import vault
from infra.database import reading, transact, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from membership import saving
from membership.benefits import Benefit
from membership.campaigns import campaigns, pausing, scheduling, telling
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.campaigns.results import figures_of
from membership.campaigns.telling import CampaignRange, CampaignRun
from membership.campaigns.words import is_still_wanted
from membership.grants import Grant
from tests.clocks import Clock
from tests.domain.agreements.test_autopay_held import somebody_waits
from tests.membership.campaigns.audience import crowd_of, left_out_of, told_of
from tests.membership.campaigns.drafts import MESSAGES, approved, do
from tests.membership.campaigns.running import (
    as_it_is,
    begun,
    go_from,
    run_of,
    schedule,
    status_of,
    tell_everybody,
)
from tests.membership.test_quotas import of_code
from tests.patience import until
from tests.trying import rolled_back
from tests.working import work_off

S = CampaignStatus
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three people in a batch, and no rest between two."""
    monkeypatch.setattr(telling, "BATCH", 3)
    monkeypatch.setattr(telling, "PACE", Pace(concurrency=2, share=1))


@given(st.uuids(), st.uuids(), st.integers(0, 50))
def test_the_lot_is_the_same_whenever_it_is_drawn_and_grows_with_the_share(
    campaign: UUID, person: UUID, percent: int
) -> None:
    drawn = telling.is_held_out(campaign, person, percent)
    assert drawn == telling.is_held_out(campaign, person, percent)
    assert not telling.is_held_out(campaign, person, 0)
    assert telling.is_held_out(campaign, person, percent + 1) >= drawn


def test_the_lot_leaves_out_as_many_as_it_should_and_others_for_another_campaign() -> None:
    people, one, other = [new_id() for _ in range(20_000)], new_id(), new_id()
    first = {person for person in people if telling.is_held_out(one, person, 10)}
    second = {person for person in people if telling.is_held_out(other, person, 10)}
    # Four standard deviations on either side.
    assert abs(len(first) - 2_000) < 170 and abs(len(first & second) - 200) < 57


async def test_each_is_told_once_or_left_out_and_granted_what_was_promised(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(10)
    campaign = await begun(author, approver, crowd, holdout_percent=50)
    await tell_everybody(campaign)
    drawn = await left_out_of(campaign.id)
    assert sorted(drawn) == crowd.people
    assert drawn == {who: telling.is_held_out(campaign.id, who, 50) for who in crowd.people}
    told = [who for who in crowd.people if not drawn[who]]
    assert await told_of(campaign.id, crowd.people) == told
    async with reading() as db:
        holders = (await db.execute(select(Grant.user_id).where(Grant.source == campaign.source))).scalars()
        assert sorted(holders) == told
        runs = select(CampaignRun.id).where(CampaignRun.campaign_id == campaign.id)
        count = select(func.sum(CampaignRange.told)).where(CampaignRange.run_id.in_(runs))
        assert (await db.execute(count)).scalar_one() == len(told)
        assert (await figures_of(db, {campaign.id}))[campaign.id].sent == 0, "fewer than 200"


async def test_a_message_is_read_in_ones_own_language(author: StaffActor, approver: StaffActor) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    await tell_everybody(campaign)
    async with reading() as db:
        notice = (await db.execute(select(Notice).where(Notice.subject_id == campaign.id))).scalar_one()
        seal = await vault.seal_of(db, notice.user_id)
    assert (notice.code, notice.notice_class) == ("campaign_message", NoticeClass.MARKETING)
    assert notices.title_of(notice, seal, "zh") == "周末影院"
    assert notices.body_of(notice, seal, "en") == "Members see a film for 9.9 yuan."
    assert notices.link_of(notice, seal, "zh") == "longan://membership"


async def test_a_message_in_one_language_and_without_a_link_is_read_by_everybody(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0, messages=MESSAGES[1:])
    await tell_everybody(campaign)
    async with reading() as db:
        notice = (await db.execute(select(Notice).where(Notice.subject_id == campaign.id))).scalar_one()
        seal = await vault.seal_of(db, notice.user_id)
    assert notices.title_of(notice, seal, "zh") == "A weekend at the cinema"
    assert notices.link_of(notice, seal, "zh") == "longan://membership"


async def test_killed_in_the_middle_it_goes_on_and_tells_nobody_twice(author: StaffActor, approver: StaffActor) -> None:
    crowd = await crowd_of(8)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    run = await run_of(campaign)
    async with rolled_back() as db:  # the process falls before it has committed
        await telling.do_next_batch(db, run.id, 0)
    assert await told_of(campaign.id, crowd.people) == []
    async with transaction() as db:
        await telling.do_next_batch(db, run.id, 0)
    assert await told_of(campaign.id, crowd.people) == crowd.people[:3]
    await asyncio.gather(*(work_off(run.id) for _ in range(2)))
    await tell_everybody(campaign)
    assert Counter(await told_of(campaign.id, crowd.people)) == dict.fromkeys(crowd.people, 1)


async def test_paused_it_tells_nobody_and_resumed_it_goes_on_where_it_was(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(5)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    async with transaction() as db:
        await telling.do_next_batch(db, (await run_of(campaign)).id, 0)
    assert await do(scheduling.pause, author, campaign) is S.PAUSED
    assert await do(scheduling.pause, author, campaign) is S.PAUSED
    await work_off((await run_of(campaign)).id)
    assert (await run_of(campaign)).state is RunState.SUPERSEDED
    assert await told_of(campaign.id, crowd.people) == crowd.people[:3]
    assert await do(scheduling.resume, author, campaign) is S.RUNNING
    await go_from(campaign, crowd)
    await tell_everybody(campaign)
    assert await told_of(campaign.id, crowd.people) == crowd.people


async def test_two_campaigns_run_beside_each_other(author: StaffActor, approver: StaffActor) -> None:
    crowd = await crowd_of(2)
    one, other = [await begun(author, approver, crowd, holdout_percent=0) for _ in range(2)]
    for campaign in (one, other):
        await tell_everybody(campaign)
        assert await told_of(campaign.id, crowd.people) == crowd.people


async def test_it_does_not_begin_before_its_time_and_can_be_taken_back_until_then(
    author: StaffActor, approver: StaffActor, clock: Clock
) -> None:
    crowd = await crowd_of(1)
    campaign = await approved(author, approver, audience=crowd.audience)
    assert (await schedule(author, campaign, after=DAY, key="scheduled-twice")).status is S.SCHEDULED
    assert await work_off(campaign.id) == []
    assert await do(scheduling.unschedule, author, campaign) is S.APPROVED
    await clock.forward(days=1, minutes=1)
    await work_off(campaign.id)
    assert (await status_of(campaign), (await as_it_is(campaign)).starts_at) == (S.APPROVED, None)
    assert (await schedule(author, campaign, after=DAY, key="scheduled-again")).status is S.SCHEDULED
    await clock.forward(days=1, minutes=1)
    await work_off(campaign.id)
    assert await status_of(campaign) is S.RUNNING
    assert await do(scheduling.unschedule, author, campaign) is RefusalCode.NOT_OPEN


async def test_a_pause_before_the_start_holds_it_until_it_is_resumed(
    author: StaffActor, approver: StaffActor, clock: Clock
) -> None:
    crowd = await crowd_of(1)
    campaign = await approved(author, approver, audience=crowd.audience)
    await schedule(author, campaign, after=DAY)
    await do(scheduling.pause, author, campaign)
    assert await do(scheduling.resume, author, campaign) is S.SCHEDULED
    await do(scheduling.pause, author, campaign)
    await clock.forward(days=1, minutes=1)
    await work_off(campaign.id)
    assert await status_of(campaign) is S.PAUSED
    assert await do(scheduling.resume, author, campaign) is S.RUNNING


async def test_once_it_is_over_nobody_is_told_and_what_it_granted_ends(
    author: StaffActor, approver: StaffActor, clock: Clock
) -> None:
    crowd = await crowd_of(4)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    async with transaction() as db:
        await telling.do_next_batch(db, (await run_of(campaign)).id, 0)
    await clock.forward(days=7, minutes=1)
    assert await work_off(campaign.id) == ["end_campaign", "revoke_campaign_grants"]
    await work_off((await run_of(campaign)).id)
    assert await status_of(campaign) is S.ENDED
    assert await told_of(campaign.id, crowd.people) == crowd.people[:3]
    async with reading() as db:
        left = await db.execute(select(Grant).where(Grant.source == campaign.source))
        assert left.first() is None


async def test_from_its_end_on_nobody_is_told_though_the_end_is_late_to_be_marked(
    author: StaffActor, approver: StaffActor, clock: Clock
) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    assert campaign.ends_at is not None
    async with reading() as db:
        assert await is_still_wanted(db, campaign.id) is StillWanted.YES
    await clock.stand_at(campaign.ends_at)
    async with reading() as db:
        assert await is_still_wanted(db, campaign.id) is StillWanted.NO
    await tell_everybody(campaign)
    assert await status_of(campaign) is S.RUNNING
    assert (await told_of(campaign.id, crowd.people), await left_out_of(campaign.id)) == ([], {})


async def benefit_of_its_own() -> Benefit:
    async with transaction() as db:
        kept = await of_code(db, "cinema-ticket")
        mine = Benefit(
            id=new_id(),
            code=f"gone-{new_id()}",
            name="Gone",
            segment=kept.segment,
            quota=1,
            reset=kept.reset,
            unit_cost_minor=100,
            currency=kept.currency,
        )
        db.add(mine)
    return mine


async def test_once_its_benefit_is_another_one_it_is_paused_for_good_and_nobody_more_is_told_of_it(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(1)
    mine = await benefit_of_its_own()
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code=mine.code)
    async with transaction() as db:
        await saving.retire(db, author, benefit_id=mine.id, expected_version=1)
    assert await status_of(campaign) is CampaignStatus.PAUSED
    assert await do(scheduling.resume, author, campaign) is RefusalCode.STALE
    await work_off((await run_of(campaign)).id)
    async with reading() as db:
        steps = (await campaigns.steps_of(db, {campaign.id}))[campaign.id]
        assert (steps[-1].status, steps[-1].by_id) == (CampaignStatus.PAUSED, None)
        held = await db.execute(select(Grant).where(Grant.source == campaign.source))
        assert (await told_of(campaign.id, crowd.people), held.first()) == ([], None)


async def test_what_goes_on_while_its_benefit_becomes_another_one_is_paused_by_that(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd, mine = await crowd_of(1), await benefit_of_its_own()
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code=mine.code)
    assert await do(scheduling.pause, author, campaign) is S.PAUSED
    async with transaction() as db:
        await scheduling.resume(db, author, campaign_id=campaign.id, comment="")
        retiring = asyncio.create_task(
            transact(lambda its: saving.retire(its, author, benefit_id=mine.id, expected_version=1))
        )

        async def is_over_or_waits() -> bool:
            return retiring.done() or await somebody_waits()

        await until(is_over_or_waits)
    await retiring
    assert await status_of(campaign) is S.PAUSED


async def test_whoever_ends_it_waits_for_the_batch_so_that_all_it_granted_is_revoked(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    run = await run_of(campaign)
    async with transaction() as db:
        await telling.do_next_batch(db, run.id, 0)
        async with rolled_back() as other:
            its = select(Campaign).where(Campaign.id == campaign.id)
            with pytest.raises(DBAPIError, match="could not obtain lock"):
                await other.execute(its.with_for_update(key_share=True, nowait=True))


async def test_all_that_run_are_paused_at_once_and_it_is_kept_which(author: StaffActor, approver: StaffActor) -> None:
    crowd = await crowd_of(1)
    runs = await begun(author, approver, crowd)
    waits = await approved(author, approver, audience=crowd.audience)
    await schedule(author, waits, after=DAY)
    draft = await approved(author, approver, audience=crowd.audience)
    pauses = []
    for _ in range(2):
        async with transaction() as db:
            pauses.append(await pausing.pause_all(db, approver, reason="A wrong price.", key="paused-all-once"))
    assert pauses[0].id == pauses[1].id and pauses[0].campaigns == len(pauses[0].stopped)
    assert {str(runs.id), str(waits.id)} <= {*pauses[0].stopped} and str(draft.id) not in pauses[0].stopped
    assert [await status_of(each) for each in (runs, waits, draft)] == [S.PAUSED, S.PAUSED, S.APPROVED]


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"after": -DAY}, "startsAt"),
        ({"after": 366 * DAY}, "startsAt"),
        ({"lasts": timedelta(0)}, "endsAt"),
        ({"lasts": 366 * DAY}, "endsAt"),
    ],
)
async def test_times_that_no_campaign_can_have_are_refused(
    author: StaffActor, approver: StaffActor, how: dict[str, timedelta], field: str
) -> None:
    crowd = await crowd_of(1)
    campaign = await approved(author, approver, audience=crowd.audience)
    with pytest.raises(Refusal) as refused:
        await schedule(author, campaign, **how)
    assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, ("input", field))
    assert await status_of(campaign) is S.APPROVED


async def test_whoever_wants_no_advertisements_is_neither_told_nor_drawn(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(2)
    quiet = crowd.people[0]
    async with transaction() as db:
        wishes = [ContactChoice(NoticeClass.MARKETING, NoticeChannel.APP, False)]
        await preferences.change(db, UserActor(quiet, new_id()), wishes=wishes)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    await tell_everybody(campaign)
    assert (await told_of(campaign.id, crowd.people), list(await left_out_of(campaign.id))) == (
        crowd.people[1:],
        crowd.people[1:],
    )
