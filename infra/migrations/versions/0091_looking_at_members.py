"""Looks at members, and indexes for what membership comes to in a span of days."""

import sqlalchemy as sa
from alembic import op

revision = '0091'
down_revision = '0090'
branch_labels = None
depends_on = None

OF_MEMBERSHIP = "cause_kind IN ('BENEFIT', 'PLAN', 'PLAN_REFUND')"


INDEXES = (
    ('tier_moves', ['at'], None),
    ('redemptions', ['used_at'], 'used_at IS NOT NULL'),
    ('transfers', ['value_on'], OF_MEMBERSHIP),
    ('users', ['created_at'], None),
    ('plan_subscriptions', ['plan_id'], None),
)


def upgrade() -> None:
    op.create_table('member_looks',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason_sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_member_looks'))
    )
    op.create_index(op.f('ix_member_looks_staff_id_at'), 'member_looks', ['staff_id', 'at'], unique=False)
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON member_looks
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON member_looks FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    with op.get_context().autocommit_block():
        for table, columns, where in INDEXES:
            op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, postgresql_concurrently=True,
                            if_not_exists=True, postgresql_where=sa.text(where) if where else None)
        op.create_index('ix_plan_subscriptions_ended', 'plan_subscriptions', ['paid_until'], postgresql_concurrently=True,
                        if_not_exists=True, postgresql_where=sa.text("status IN ('LAPSED', 'CANCELLED')"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_plan_subscriptions_ended', table_name='plan_subscriptions', postgresql_concurrently=True,
                      if_exists=True)
        for table, columns, _ in INDEXES:
            op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table, postgresql_concurrently=True,
                          if_exists=True)
    op.drop_table('member_looks')
