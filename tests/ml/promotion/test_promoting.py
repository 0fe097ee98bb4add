"""A model goes live when two people vouch for it and the gate is open, and back in one step."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from domain.actors import Role, StaffActor
from domain.credit.rescores import Rescore, RescoreReason
from domain.credit.scoring import scorer
from domain.facts import readings
from domain.people import staff
from infra import clock, vault
from infra.database import reading, transaction
from infra.outbox import Event
from infra.settings import Settings, settings
from ml.lab.comparing import Difference
from ml.live import store
from ml.live.approvals import ModelMove, MoveKind
from ml.live.registry import ModelStanding
from ml.live.store import ModelFile, ModelKind
from ml.models.features import FEATURES
from ml.promotion import challenging, promoting
from ml.promotion.challenging import ChallengerScore
from ml.promotion.promoting import NotPromoted
from ml.promotion.releasing import Gate, needs_measuring
from ml.promotion.releasing import _worse as worse
from ml.tasks import rescore_after_promotion
from tests.colleagues import COLLEAGUES
from tests.ml import standings
from tests.ml.promotion.crowds import finish, points, rescore, settle
from tests.tampering import tamper
from tests.working import work_off

Appoint = Callable[[Role], Awaitable[StaffActor]]


@pytest.fixture
def appoint() -> Appoint:
    async def somebody(role: Role) -> StaffActor:
        email, seal = f"{uuid4().hex}@longan.example", vault.system_seal()
        async with transaction() as db:
            member = staff.Staff(
                email_index=staff.index(email),
                email_sealed=seal.close(email, staff.EMAIL),
                name_sealed=seal.close(f"A {role}", staff.NAME),
                role=role,
                password_hash="",
                totp_sealed=b"",
                created_at=await clock.now(db),
            )
            db.add(member)
            await db.flush()
            return StaffActor(member.id, role)

    return somebody


MOVER = COLLEAGUES[Role.RISK]


async def run(work: Callable[..., Awaitable[Any]], *args: Any, by: StaffActor = MOVER) -> Any:
    async with transaction() as db:
        return await work(db, *args, by=by)


async def vouched(version: str, appoint: Appoint) -> str:
    await run(promoting.propose, version, by=await appoint(Role.RISK))
    await run(promoting.approve, version, by=await appoint(Role.APPROVER))
    return version


async def last_move() -> ModelMove:
    async with reading() as db:
        newest = select(ModelMove).order_by(ModelMove.moved_at.desc(), ModelMove.id.desc()).limit(1)
        return (await db.execute(newest)).scalar_one()


async def last_promotion() -> Event:
    async with reading() as db:
        newest = select(Event).where(Event.name == "model.promoted").order_by(Event.id.desc()).limit(1)
        return (await db.execute(newest)).scalar_one()


async def saved(version: str, **changes: Any) -> str:
    return await standings.save(replace(await standings.load_score(version), **changes))


class TestVouching:
    async def test_two_people_make_a_champion_and_everybody_is_told(
        self, champion: str, other: str, appoint: Appoint
    ) -> None:
        now = await run(promoting.promote, await vouched(other, appoint))
        assert now == await standings.standing(ModelKind.SCORE)
        assert (now.champion, now.before[0]) == (other, champion)
        move = await last_move()
        assert (move.move, move.version, move.before) == (MoveKind.PROMOTED, other, champion)
        assert move.moved_by_id == MOVER.staff_id
        assert (await last_promotion()).data == {"kind": "score", "version": other}

    async def test_without_a_second_person_nothing_goes_live(self, champion: str, appoint: Appoint) -> None:
        fresh = await saved(champion, calibration=(0.01, 1.0))
        with pytest.raises(NotPromoted, match="Two people"):
            await run(promoting.promote, fresh)
        risk = await appoint(Role.RISK)
        await run(promoting.propose, fresh, by=risk)
        with pytest.raises(NotPromoted, match="another person"):
            await run(promoting.approve, fresh, by=risk)
        with pytest.raises(NotPromoted, match="Two people"):
            await run(promoting.promote, fresh)
        assert (await standings.standing(ModelKind.SCORE)).champion == champion

    async def test_only_risk_and_approvers_vouch(self, champion: str, appoint: Appoint) -> None:
        fresh = await saved(champion, calibration=(0.02, 1.0))
        with pytest.raises(NotPromoted, match="marketing cannot vouch"):
            await run(promoting.propose, fresh, by=await appoint(Role.MARKETING))
        with pytest.raises(NotPromoted, match="Nobody has proposed"):
            await run(promoting.approve, fresh, by=await appoint(Role.APPROVER))

    async def test_a_proposal_is_made_once(self, champion: str, appoint: Appoint) -> None:
        fresh = await vouched(await saved(champion, calibration=(0.03, 1.0)), appoint)
        with pytest.raises(NotPromoted, match="proposed already"):
            await run(promoting.propose, fresh, by=await appoint(Role.RISK))

    async def test_who_vouched_is_told_by_name(self, champion: str, appoint: Appoint) -> None:
        fresh = await vouched(await saved(champion, calibration=(0.04, 1.0)), appoint)
        async with reading() as db:
            told = (await promoting.vouchers(db, {fresh}))[fresh]
        assert [(each.name, each.is_proposal) for each in told] == [("A risk", True), ("A approver", False)]


class TestGates:
    async def test_inputs_that_no_fact_feeds(self, champion: str, appoint: Appoint) -> None:
        inputs = (await standings.load_score(champion)).inputs
        unmapped = await saved(champion, inputs=(replace(inputs[0], fact=None), *inputs[1:]))
        with pytest.raises(NotPromoted, match=f"mapped to no fact.*{inputs[0].name}"):
            await run(promoting.propose, unmapped, by=await appoint(Role.RISK))

    async def test_a_simulated_model_in_production(
        self, other: str, appoint: Appoint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        strict = Settings.model_construct(environment="production", var=settings().var)
        monkeypatch.setattr(store, "settings", lambda: strict)
        with pytest.raises(NotPromoted, match="simulated people"):
            await run(promoting.propose, other, by=await appoint(Role.RISK))

    @pytest.mark.parametrize("harm", ["missing", "changed"])
    async def test_a_damaged_artefact(self, champion: str, appoint: Appoint, harm: str) -> None:
        fresh = await saved(champion, calibration=(0.05 if harm == "missing" else 0.06, 1.0))
        await vouched(fresh, appoint)
        async with transaction() as db:
            await tamper(db)
            mine = (ModelFile.version == fresh, ModelFile.name == "model.cbm")
            if harm == "missing":
                await db.execute(delete(ModelFile).where(*mine))
            else:
                await db.execute(update(ModelFile).where(*mine).values(content=ModelFile.content.concat(b"?")))
        store.forget()
        with pytest.raises(NotPromoted, match=fresh):
            await run(promoting.promote, fresh)
        assert (await standings.standing(ModelKind.SCORE)).champion == champion
        assert scorer().model_version == champion

    async def test_a_model_that_would_score_too_few_of_those_who_are_scored_now(
        self, champion: str, appoint: Appoint
    ) -> None:
        people = await settle(12, seed=33)
        await rescore()
        async with reading() as db:
            known = {name for sheet in (await readings.sheets(db, set(people))).values() for name in sheet.values}
        facts = [name for name, each in FEATURES.items() if not each.is_category and not set(each.facts) & known]
        inputs = (await standings.load_score(champion)).inputs
        asks = tuple(replace(each, fact=facts[place % len(facts)]) for place, each in enumerate(inputs))
        blind = await saved(champion, inputs=asks)
        with pytest.raises(NotPromoted, match=r"would score \d+ of \d+ people who have a score now"):
            await run(promoting.propose, blind, by=await appoint(Role.RISK))
        async with reading() as db:
            assert (await promoting.vouchers(db, {blind}))[blind] == []

    async def test_what_no_loan_lacked_is_named_where_it_leaves_people_without_a_score(
        self, champion: str, appoint: Appoint
    ) -> None:
        await settle(12, seed=33)
        await rescore()
        profile = (await standings.load_score(champion)).profile
        learned = {name: {**each, "shares": [*each["shares"][:-1], 0.0]} for name, each in profile["inputs"].items()}
        full = await saved(champion, profile={**profile, "inputs": learned})
        with pytest.raises(NotPromoted, match=r"No loan of its book lacks these, so .*: .*credit\.burden \(of \d+\)"):
            await run(promoting.propose, full, by=await appoint(Role.RISK))
        async with reading() as db:
            assert (await promoting.vouchers(db, {full}))[full] == []

    async def test_an_unknown_version(self, appoint: Appoint) -> None:
        with pytest.raises(NotPromoted, match="no model 0123456789abcdef"):
            await run(promoting.propose, "0123456789abcdef", by=await appoint(Role.RISK))

    async def test_a_gate_that_was_measured_and_stays_shut(self, other: str, champion: str, appoint: Appoint) -> None:
        fresh = await vouched(await saved(champion, calibration=(0.07, 1.0)), appoint)
        with pytest.raises(NotPromoted, match="gate stays shut"):
            await run(promoting.promote, fresh, Gate(("Its auc is worse by 0.0100.",), {}))
        assert (await standings.standing(ModelKind.SCORE)).champion == champion

    async def test_real_models_are_measured_on_the_same_rows(self, champion: str) -> None:
        simulated = await standings.load_score(champion)
        real = replace(simulated, simulated=False, card={"figures": {"auc": 0.7}})
        assert not needs_measuring(None, real)
        assert not needs_measuring(simulated, real)
        assert needs_measuring(real, real)

    def test_worse_is_whatever_is_not_shown_to_be_as_good_but_for_a_margin(self) -> None:
        def told(figure: str, value: float, low: float, high: float) -> list[str]:
            return list(worse([Difference("champion", "challenger", figure, value, (low, high))]))

        assert told("auc", -0.01, -0.02, -0.005) == [
            "Its auc is not shown to be as good as the champion's: -0.0100 (95 % interval -0.0200 to -0.0050), and 0.01 is "
            "the most that it may be worse."
        ]
        assert told("auc", -0.01, -0.02, 0.001) != []
        assert told("auc", -0.001, -0.009, 0.007) == []
        assert told("auc", 0.01, 0.005, 0.02) == []
        assert told("auc", 0.02, -0.02, 0.06) != []
        assert told("logloss", 0.01, 0.005, 0.02) != []
        assert told("logloss", 0.001, -0.002, 0.004) == []
        assert told("logloss", -0.01, -0.02, -0.005) == []


class TestAfterwards:
    async def test_a_promotion_rescores_everybody_with_the_new_champion(self, other: str, appoint: Appoint) -> None:
        people = await settle(12, seed=30)
        await rescore()
        await run(promoting.promote, await vouched_once(other, appoint))
        promoted = await last_promotion()
        async with transaction() as db:
            await rescore_after_promotion(db, promoted)
            begun = (await db.execute(select(Rescore).order_by(Rescore.id.desc()).limit(1))).scalar_one()
        assert begun.reason is RescoreReason.MODEL_PROMOTED
        await finish(begun)
        assert all(len(told) in (0, 2) for told in (await points(people)).values())
        assert scorer().model_version == other

    async def test_a_rollback_is_one_step(self, champion: str, other: str, appoint: Appoint) -> None:
        await run(promoting.promote, await vouched_once(other, appoint))
        now = await run(promoting.roll_back)
        assert now.champion == champion
        await standings.catch_up()
        assert scorer().model_version == champion
        move = await last_move()
        assert (move.move, move.version, move.before) == (MoveKind.ROLLED_BACK, champion, other)
        assert (await last_promotion()).data == {"kind": "score", "version": champion}

    @pytest.mark.parametrize("role", [Role.MARKETING, Role.VIEWER])
    async def test_who_may_not_vouch_moves_no_model(self, champion: str, other: str, role: Role) -> None:
        before, somebody = await last_move(), StaffActor(uuid4(), role)
        for move, words in (
            (promoting.promote, (other,)),
            (promoting.challenge, (other,)),
            (promoting.challenge, (None,)),
            (promoting.roll_back, ()),
        ):
            with pytest.raises(
                NotPromoted, match=f"A {role} cannot vouch for a model, or move one: that takes the role"
            ):
                await run(move, *words, by=somebody)
        assert (await standings.standing(ModelKind.SCORE)).champion == champion
        assert (await last_move()).id == before.id

    async def test_there_may_be_nothing_to_roll_back_to(self, champion: str) -> None:
        await standings.switch(ModelKind.SCORE, lambda now: ModelStanding(champion))
        with pytest.raises(NotPromoted, match="no earlier champion"):
            await run(promoting.roll_back)


async def vouched_once(version: str, appoint: Appoint) -> str:
    """The same model serves several tests, and nobody vouches twice."""
    async with reading() as db:
        is_done = len((await promoting.vouchers(db, {version}))[version]) == 2
    return version if is_done else await vouched(version, appoint)


class TestChallenger:
    async def test_it_scores_live_traffic_in_the_shadow(self, champion: str, other: str) -> None:
        await run(promoting.challenge, other)
        await standings.catch_up()
        people = await settle(9, seed=31)
        await rescore()
        await work_off(*people)
        async with reading() as db:
            rows = (
                (await db.execute(select(ChallengerScore).where(ChallengerScore.user_id.in_(people)))).scalars().all()
            )
            seen = await challenging.side_by_side(db, other)
        assert rows
        assert all((row.champion, row.challenger) == (champion, other) for row in rows)
        assert all(row.points is not None and row.points < row.champion_points for row in rows)
        assert seen.scores >= len(rows) and seen.mean_difference is not None and seen.mean_difference < 0
        assert scorer().model_version == champion

    async def test_without_one_nothing_is_owed_to_the_shadow(self) -> None:
        people = await settle(3, seed=32)
        await rescore()
        assert "score_with_challenger" not in await work_off(*people)

    async def test_nobody_challenges_himself(self, champion: str, other: str) -> None:
        with pytest.raises(NotPromoted, match="champion already"):
            await run(promoting.challenge, champion)
        await standings.switch(ModelKind.SCORE, lambda now: now.promoted(other))
        await run(promoting.challenge, champion)
        assert (await run(promoting.roll_back)).challenger is None

    async def test_a_challenge_ends(self, other: str) -> None:
        await run(promoting.challenge, other)
        assert (await run(promoting.challenge, None)).challenger is None
        assert (await last_move()).move is MoveKind.WITHDRAWN
