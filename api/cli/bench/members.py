"""Members by the million, each with a score and a year of activity, at the tier that the live rules give them."""

import asyncio
import os
import time
from uuid import UUID

import numpy as np
from sqlalchemy import text

from api.story import Step
from domain.people import users
from domain.people.users import User, UserStatus
from infra import clock, vault
from infra.copying import copy_in
from infra.database import Db, transaction
from infra.ids import new_id
from infra.vault import PersonKey
from membership import rules

TOGETHER = 10_000
POINTS, SPREAD = 640, 95  # on average, and their standard deviation
ACTIVITY = 3.0  # points of activity, on average: few have many
POINTS_MIN, POINTS_MAX = 350, 950
NUMBER = "+8613800000000"

# No trigger and no foreign key is asked, and nobody waits for the disk: what is written here keeps them all.
FAST = text("SET LOCAL session_replication_role = replica")
UNSAFE = text("SET LOCAL synchronous_commit = off")
GIVEN = """
    WITH given AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:points AS int[]), CAST(:activity AS int[]))
                            AS person (user_id, points, activity)),
         standing AS (
           SELECT given.*, reached.tier_code FROM given CROSS JOIN LATERAL (
                  SELECT rule.tier_code FROM tier_rules AS rule JOIN tiers AS tier ON tier.code = rule.tier_code
                   WHERE rule.rules_id = :rules_id
                     AND given.points >= rule.points_at_least AND given.activity >= rule.activity_at_least
                   ORDER BY tier.rank DESC LIMIT 1) AS reached)
"""
WRITE = [
    text(GIVEN + told)
    for told in (
        """INSERT INTO scores (user_id, id, grade, points, base_points, probability, factors_told, reasons_told,
                               vector_sealed, model_version, simulated, as_of, facts_version)
           SELECT user_id, user_id, 'B', points, points, 0.03, '[]', '[]', '', 'told', true, longan_now(), 1 FROM given""",
        """INSERT INTO scorings (user_id, state, facts_version, score_id, "values")
           SELECT user_id, 'READY', 1, user_id, '{}' FROM given""",
        """INSERT INTO activities (user_id, event_id, event, occurred_at)
           SELECT user_id, gen_random_uuid(), 'application.accepted', longan_now() - random() * interval '360 days'
             FROM given, generate_series(1, given.activity)""",
        """INSERT INTO members (user_id, tier_code, since, joined_at, rules_version)
           SELECT user_id, tier_code, longan_now() - interval '40 days', longan_now() - interval '400 days', :version FROM standing""",
        """INSERT INTO grants (user_id, benefit_id, source, granted_at)
           SELECT user_id, source.benefit_id, source.source, longan_now() FROM standing
             JOIN benefit_sources AS source ON source.source = 'tier:' || tier_code AND source.ended_at IS NULL""",
    )
]


async def fill(members: int, step: Step, *, seconds_max: float, seed: int = 1) -> list[UUID]:
    """Write so many members, or what is written after these seconds, and give their ids, the first first.

    A superuser's work, in a database that nobody else has.
    """
    draw, ids, asked, ends = np.random.default_rng(seed), list[UUID](), 0, time.monotonic() + seconds_max

    async def work() -> None:
        nonlocal asked
        while asked < members and time.monotonic() < ends:
            count = min(TOGETHER, members - asked)
            asked += count
            async with transaction() as db:
                ids.extend(await write(db, draw, count))
            step.at(len(ids), members, "members")

    await asyncio.gather(*(work() for _ in range(os.cpu_count() or 1)))
    return sorted(ids)


async def write(db: Db, draw: np.random.Generator, count: int) -> list[UUID]:
    now, live = await clock.now(db), await rules.live(db)
    await db.execute(FAST)
    await db.execute(UNSAFE)
    keys = [vault.new_person_key(new_id()) for _ in range(count)]
    ids = [key.user_id for key in keys]
    # A number that is nobody's: whoever cannot be told would be tried again and again.
    sealed = [vault.seal_with(key).close(NUMBER, users.PHONE) for key in keys]
    people = [
        {"id": id, "phone_sealed": phone, "created_at": now, "status": UserStatus.ACTIVE}
        for id, phone in zip(ids, sealed, strict=True)
    ]
    await copy_in(db, User, people)
    await copy_in(db, PersonKey, [{"user_id": k.user_id, "wrapped": k.wrapped, "version": k.version} for k in keys])
    points = draw.normal(POINTS, SPREAD, count).clip(POINTS_MIN, POINTS_MAX).astype(int)
    activity = draw.exponential(ACTIVITY, count).astype(int)
    given = {"ids": ids, "points": points.tolist(), "activity": activity.tolist()}
    for each in WRITE:
        await db.execute(each, {**given, "rules_id": live.id, "version": live.version})
    return ids
