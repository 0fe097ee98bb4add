"""A score or a decision of the past is worked out again to the same number, or it is said why not."""

import pytest
from sqlalchemy import delete, select, update

from domain.applications.decisions import Decision
from domain.credit.scores import Score
from infra.database import reading, transaction
from infra.ids import new_id
from infra.vault import PersonKey
from ml.live import store
from ml.live.store import ModelFile, ModelKind
from ml.score.replaying import CannotReplay, replay_decision, replay_score
from tests.applying import AT_ONCE, apply
from tests.ml import standings
from tests.ml.promotion.crowds import rescore, settle
from tests.phones import Phone
from tests.tampering import tamper
from tests.trying import rolled_back


async def scores_of(people: list[object]) -> list[Score]:
    async with reading() as db:
        return list((await db.execute(select(Score).where(Score.user_id.in_(people)))).scalars())


async def decision_of(person: Phone) -> Decision:
    async with reading() as db:
        return (await db.execute(select(Decision).where(Decision.user_id == person.user_id))).scalar_one()


async def test_two_hundred_scores_replay_to_the_same_numbers_also_after_their_champion_left(other: str) -> None:
    people = await settle(220, seed=21)
    await rescore()
    stored = (await scores_of([*people]))[:200]
    assert len(stored) == 200
    await standings.switch(ModelKind.SCORE, lambda now: now.promoted(other))
    async with reading() as db:
        for score in stored:
            again = await replay_score(db, score.id)
            assert again.is_same, (again.stored, again.again)
            assert again.again["points"] == score.points
            assert again.model_version == score.model_version != other


class TestWhatCannotBeReplayed:
    @pytest.fixture
    async def score(self) -> Score:
        people = await settle(4, seed=22)
        await rescore()
        return (await scores_of([*people]))[0]

    async def test_an_unknown_score(self) -> None:
        async with reading() as db:
            with pytest.raises(CannotReplay, match="no such score"):
                await replay_score(db, new_id())

    async def test_a_score_of_an_erased_person(self, score: Score) -> None:
        async with transaction() as db:
            await db.execute(delete(PersonKey).where(PersonKey.user_id == score.user_id))
        async with reading() as db:
            with pytest.raises(CannotReplay, match="was erased"):
                await replay_score(db, score.id)

    async def test_a_score_whose_artefact_is_gone(self, score: Score) -> None:
        store.forget()
        async with rolled_back() as db:
            await tamper(db)
            await db.execute(delete(ModelFile).where(ModelFile.version == score.model_version))
            with pytest.raises(CannotReplay, match=score.model_version):
                await replay_score(db, score.id)

    async def test_a_changed_score_is_told_as_different(self, score: Score) -> None:
        async with rolled_back() as db:
            await tamper(db)
            await db.execute(update(Score).where(Score.id == score.id).values(points=score.points + 1))
            again = await replay_score(db, score.id)
        assert not again.is_same
        assert (again.stored["points"], again.again["points"]) == (score.points + 1, score.points)


class TestDecisions:
    async def test_a_decision_of_the_rules_replays_to_the_same_outcome_and_reasons(self, shopper: Phone) -> None:
        application = await apply(shopper, AT_ONCE, months=6)
        assert application["__typename"] == "Application", application
        decision = await decision_of(shopper)
        async with reading() as db:
            again = await replay_decision(db, decision.id)
        assert again.is_same, (again.stored, again.again)
        assert again.again["outcome"] == decision.outcome.value

    async def test_it_does_not_move_with_what_became_known_since(self, shopper: Phone) -> None:
        await apply(shopper, AT_ONCE, months=6)
        decision = await decision_of(shopper)
        await shopper.link("wechat", "over-borrowed")
        await shopper.settle()
        async with reading() as db:
            assert (await replay_decision(db, decision.id)).is_same

    async def test_a_decision_by_other_rules_is_told(self, shopper: Phone) -> None:
        await apply(shopper, AT_ONCE, months=6)
        decision = await decision_of(shopper)
        async with rolled_back() as db:
            await tamper(db)
            await db.execute(update(Decision).where(Decision.id == decision.id).values(rule_version="2019-1"))
            with pytest.raises(CannotReplay, match="rules 2019-1"):
                await replay_decision(db, decision.id)

    async def test_a_decision_by_a_partner_has_nothing_to_work_out(self, shopper: Phone) -> None:
        await apply(shopper, AT_ONCE, months=6)
        decision = await decision_of(shopper)
        async with rolled_back() as db:
            gone = {"vector_sealed": None, "model_version": None, "decided_by": "partner"}
            await tamper(db)
            await db.execute(update(Decision).where(Decision.id == decision.id).values(**gone))
            with pytest.raises(CannotReplay, match="decided by partner"):
                await replay_decision(db, decision.id)
