"""Revisions: whoever changes what a person or everybody sees raises it."""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

OWNERS = (
    'activities', 'applications', 'applied_terms', 'benefit_usages', 'consents', 'decisions', 'facts_versions', 'grants',
    'linked_accounts', 'match_preferences', 'members', 'offers', 'person_keys', 'readings', 'scorings', 'tier_moves',
)
EVERYBODYS = (
    'band_records', 'benefit_sources', 'benefits', 'live_models', 'partners', 'product_days', 'tier_rules',
    'tier_rules_versions', 'tiers',
)
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO revisions (user_id, id, at)
    SELECT owner, hashtextextended(gen_random_uuid()::text, 0), clock_timestamp()
      FROM (SELECT DISTINCT {owner} AS owner FROM changed) AS owners;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER {function}_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {function}()
"""
FUNCTIONS = {
    'raise_owners': 'user_id',
    'raise_users': 'id',
    'raise_everybodys': "'00000000-0000-0000-0000-000000000000'::uuid",
}


def upgrade() -> None:
    op.create_table('revisions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_revisions'))
    )
    op.create_index(op.f('ix_revisions_at'), 'revisions', ['at'], unique=False)
    for name, owner in FUNCTIONS.items():
        op.execute(FUNCTION.format(name=name, owner=owner))
    for function, tables in (('raise_owners', OWNERS), ('raise_users', ('users',)), ('raise_everybodys', EVERYBODYS)):
        for table in tables:
            for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
                op.execute(TRIGGER.format(function=function, table=table, word=word, which=which))


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f'DROP FUNCTION {name}() CASCADE')
    op.drop_index(op.f('ix_revisions_at'), table_name='revisions')
    op.drop_table('revisions')
