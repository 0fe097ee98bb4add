"""Whoever has a plan that goes on is told before it is renewed next, as those are who buy one from now on."""

from alembic import op

revision = '0128'
down_revision = '0127'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        WITH going AS (
          SELECT gen_random_uuid() AS event_id, user_id, id, greatest(longan_now(), paid_until - interval '7 days') AS due_at
            FROM plan_subscriptions WHERE status IN ('TRIAL', 'ACTIVE') AND paid_until > longan_now()),
        near AS (
          INSERT INTO events (id, name, user_id, subject_id, data, occurred_at)
          SELECT event_id, 'plan.renewal_near', user_id, id, '{}'::jsonb, longan_now() FROM going)
        INSERT INTO event_reactions (event_id, reaction, due_at, attempts)
        SELECT event_id, 'tell_of_renewal', due_at, 0 FROM going
    """)


def downgrade() -> None:
    op.execute("DELETE FROM event_reactions WHERE reaction = 'tell_of_renewal'")
