"""Tallying: what membership came to on each day that there ever was, in one statement for each kind, so that any span is a sum."""

from collections import Counter, defaultdict
from datetime import date

from sqlalchemy import text

from infra import clock
from infra.database import Db
from infra.entity import Json
from infra.settings import settings
from membership import kept_counts, overview, tiers
from membership.plans.subscriptions import GRACE

COUNTED = "user_id NOT IN (SELECT user_id FROM uncounted)"
MOVES = text(f"""
    SELECT (at AT TIME ZONE CAST(:zone AS text))::date, from_code, to_code, count(*) FROM tier_moves
     WHERE {COUNTED} GROUP BY 1, 2, 3
""")  # noqa: S608
# Left, or not paid: the day on which its benefits ended. Whatever lapsed long ago does not know its grace.
LAPSED = text(f"""
    SELECT (ended_at AT TIME ZONE CAST(:zone AS text))::date, count(*)
      FROM (SELECT user_id,
                   CASE status WHEN 'LAPSED' THEN coalesce(grace_until, paid_until + CAST(:grace AS interval))
                   ELSE paid_until END AS ended_at
              FROM plan_subscriptions WHERE status IN ('LAPSED', 'CANCELLED')) AS ended
     WHERE ended_at <= :now AND {COUNTED} GROUP BY 1
""")  # noqa: S608
USES = text(f"""
    SELECT (used_at AT TIME ZONE CAST(:zone AS text))::date, count(*) FROM redemptions
     WHERE used_at IS NOT NULL AND {COUNTED} GROUP BY 1
""")  # noqa: S608
MONEY = text(f"""
    SELECT value_on, debit, credit, sum(amount) FROM transfers
     WHERE cause_kind IN ('BENEFIT', 'PLAN', 'PLAN_REFUND') AND currency = :currency AND {COUNTED} GROUP BY 1, 2, 3
""")  # noqa: S608
# For many people Postgres reads each of the tables once, for few it looks for theirs; it can tell only from within a query.
COHORTS = text("""
    SELECT registered_on, count(*) AS registered, count(*) FILTER (WHERE linked) AS linked,
           count(*) FILTER (WHERE scored) AS scored, count(*) FILTER (WHERE applied) AS applied,
           count(*) FILTER (WHERE approved) AS approved, count(*) FILTER (WHERE accepted) AS accepted
      FROM (SELECT (created_at AT TIME ZONE CAST(:zone AS text))::date AS registered_on,
                   EXISTS (SELECT FROM linked_accounts AS l WHERE l.user_id = u.id) AS linked,
                   EXISTS (SELECT FROM scorings AS s WHERE s.user_id = u.id AND s.score_id IS NOT NULL) AS scored,
                   EXISTS (SELECT FROM applications AS a WHERE a.user_id = u.id) AS applied,
                   EXISTS (SELECT FROM decisions AS d WHERE d.user_id = u.id AND d.outcome = 'APPROVE') AS approved,
                   EXISTS (SELECT FROM agreements AS g WHERE g.user_id = u.id) AS accepted
              FROM users AS u
             WHERE u.id NOT IN (SELECT user_id FROM uncounted)
            OFFSET 0) AS cohort
     GROUP BY 1
""")
STEPS = ("registered", "linked", "scored", "applied", "approved", "accepted")
Days = defaultdict[str, Counter[str]]  # by what is counted, and the day


async def tally(db: Db) -> Json:
    """`days`: how many, or how much in minor units, by what and day. `moves`: by tier and day, how many more came than went.
    `cohorts`: by day, who registered on it and how far they came. `members`: at each tier now. Days of nothing are missing.
    """
    now, known = await clock.now(db), await tiers.tiers_by_code(db)
    given = {"now": now, "zone": settings().time_zone, "currency": settings().currency, "grace": GRACE}
    days, moves = Days(Counter), Days(Counter)
    for on, left, reached, people in await db.execute(MOVES, given):
        moves[reached][_key(on)] += people
        if left is None:
            days["joined"][_key(on)] += people
        else:
            moves[left][_key(on)] -= people
    for name, asked in (("lapsed", LAPSED), ("redemptions", USES)):
        days[name].update({_key(on): count for on, count in await db.execute(asked, given)})
    for on, debit, credit, amount in await db.execute(MONEY, given):
        days["cost"][_key(on)] += int(amount) * (debit == "BENEFITS")
        days["revenue"][_key(on)] += int(amount) * ((credit == "PLANS_SOLD") - (debit == "PLANS_SOLD"))
    cohorts = {_key(on): steps for on, *steps in await db.execute(COHORTS, given)}
    return {"days": days, "moves": moves, "cohorts": cohorts, "members": await overview.members_at(db, {*known})}


def _key(on: date) -> str:
    return on.isoformat()


def _size(content: Json) -> int:
    """People or uses, whichever are more."""
    members, uses = content["members"], content["days"].get("redemptions", {})
    return max(sum(map(int, members.values())), sum(map(int, uses.values())))


TALLY = kept_counts.Counting("overview", tally, _size)
