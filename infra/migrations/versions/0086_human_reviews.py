"""Reviews by a person: what people ask for, the decision in whose place another comes, and who looks at it now."""

import sqlalchemy as sa
from alembic import op

revision = '0086'
down_revision = '0085'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON human_reviews REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""
FINAL = "outcome IN ('APPROVE', 'DECLINE')"


def upgrade() -> None:
    op.create_table('human_reviews',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('decision_id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('message_sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'decision_id', name=op.f('pk_human_reviews'))
    )
    op.create_index(op.f('ix_human_reviews_user_id_application_id'), 'human_reviews', ['user_id', 'application_id'])
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON human_reviews
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON human_reviews FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    op.create_table('review_holds',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('held_until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'application_id', name=op.f('pk_review_holds'))
    )
    op.create_index(op.f('ix_review_holds_held_until'), 'review_holds', ['held_until'])
    op.add_column('decisions', sa.Column('reviewed_id', sa.Uuid(), nullable=True))
    op.add_column('decisions', sa.Column('by_partners_staff', sa.Boolean(), server_default='false', nullable=False))
    with op.get_context().autocommit_block():
        op.create_index('uq_decisions_final_once', 'decisions', ['user_id', 'application_id'], unique=True,
                        postgresql_where=sa.text(f"{FINAL} AND reviewed_id IS NULL"),
                        postgresql_concurrently=True, if_not_exists=True)
        op.create_index('uq_decisions_reviewed', 'decisions', ['user_id', 'reviewed_id'], unique=True,
                        postgresql_where=sa.text('reviewed_id IS NOT NULL'),
                        postgresql_concurrently=True, if_not_exists=True)
        op.drop_index('uq_decisions_final', table_name='decisions', postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('uq_decisions_final', 'decisions', ['user_id', 'application_id'], unique=True,
                        postgresql_where=sa.text(FINAL), postgresql_concurrently=True, if_not_exists=True)
        op.drop_index('uq_decisions_reviewed', table_name='decisions', postgresql_concurrently=True, if_exists=True)
        op.drop_index('uq_decisions_final_once', table_name='decisions', postgresql_concurrently=True, if_exists=True)
    op.drop_column('decisions', 'by_partners_staff')
    op.drop_column('decisions', 'reviewed_id')
    op.drop_table('review_holds')
    op.drop_table('human_reviews')
