"""A plan that lapsed keeps until when its benefits stayed."""

from alembic import op

revision = '0126'
down_revision = '0125'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        'ALTER TABLE plan_subscriptions DROP CONSTRAINT ck_plan_subscriptions_grace, ADD CONSTRAINT ck_plan_subscriptions_grace'
        " CHECK (status = 'LAPSED' OR (status = 'GRACE') = (grace_until IS NOT NULL)) NOT VALID"
    )
    op.execute('ALTER TABLE plan_subscriptions VALIDATE CONSTRAINT ck_plan_subscriptions_grace')


def downgrade() -> None:
    op.execute("UPDATE plan_subscriptions SET grace_until = NULL WHERE status = 'LAPSED'")
    op.execute(
        'ALTER TABLE plan_subscriptions DROP CONSTRAINT ck_plan_subscriptions_grace, ADD CONSTRAINT ck_plan_subscriptions_grace'
        " CHECK ((status = 'GRACE') = (grace_until IS NOT NULL)) NOT VALID"
    )
    op.execute('ALTER TABLE plan_subscriptions VALIDATE CONSTRAINT ck_plan_subscriptions_grace')
