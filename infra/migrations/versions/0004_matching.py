"""matching"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


# Whoever writes a product raises the version of the shelf, first, so that two writers take turns and never wait crosswise;
# whoever keeps the shelf in memory asks for what changed since the version that they have.
SHELF = """
INSERT INTO shelf_version (id, version) VALUES (1, 0);

CREATE FUNCTION raise_shelf_version() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE shelf_version SET version = version + 1; RETURN NULL; END $$;

CREATE FUNCTION write_shelved_in() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN SELECT version INTO NEW.shelved_in FROM shelf_version; RETURN NEW; END $$;

CREATE TRIGGER raise_shelf_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION raise_shelf_version();

CREATE TRIGGER write_shelved_in BEFORE INSERT OR UPDATE ON products
    FOR EACH ROW EXECUTE FUNCTION write_shelved_in();
"""


def upgrade() -> None:
    op.create_index(op.f('ix_applications_created_at'), 'applications', ['created_at'], unique=False)
    op.create_index('ix_applications_accepted', 'applications', ['updated_at'], unique=False, postgresql_where=sa.text("status = 'ACCEPTED'"))
    op.create_index(op.f('ix_decisions_decided_at'), 'decisions', ['decided_at'], unique=False)
    op.create_table('band_records',
    sa.Column('model_version', sa.Text(), nullable=False),
    sa.Column('odds_band', sa.Enum('VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW', name='oddsband', native_enum=False, length=40), nullable=False),
    sa.Column('approved', sa.Integer(), nullable=False),
    sa.Column('decided', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('standing', sa.Enum('GATHERING', 'KEPT', 'WITHDRAWN', name='bandstanding', native_enum=False, length=40), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('model_version', 'odds_band', name=op.f('pk_band_records'))
    )
    op.create_table('match_preferences',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('is_personal', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_match_preferences'))
    )
    op.create_table('matcher_trainings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Enum('LIVE', 'REFUSED', 'TOO_FEW', 'OVERTAKEN', name='trainingoutcome', native_enum=False, length=40), nullable=True),
    sa.Column('version', sa.Text(), nullable=True),
    sa.Column('failures', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('figures', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matcher_trainings'))
    )
    op.create_index(op.f('ix_matcher_trainings_begun_at'), 'matcher_trainings', ['begun_at'], unique=False)
    op.create_table('picks',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('odds', sa.Double(), nullable=True),
    sa.Column('odds_band', sa.Enum('VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW', name='oddsband', native_enum=False, length=40), nullable=True),
    sa.Column('value', sa.Double(), nullable=False),
    sa.Column('is_personal', sa.Boolean(), nullable=False),
    sa.Column('model_version', sa.Text(), nullable=False),
    sa.Column('facts_version', sa.Integer(), nullable=False),
    sa.Column('shelf_version', sa.BigInteger(), nullable=False),
    sa.Column('picked_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'product_id', name=op.f('pk_picks'))
    )
    op.create_index(op.f('ix_picks_product_id_position_user_id'), 'picks', ['product_id', 'position', 'user_id'], unique=False)
    op.create_table('product_days',
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('shown', sa.Integer(), nullable=False),
    sa.Column('opened', sa.Integer(), nullable=False),
    sa.Column('applied', sa.Integer(), nullable=False),
    sa.Column('approved', sa.Integer(), nullable=False),
    sa.Column('declined', sa.Integer(), nullable=False),
    sa.Column('accepted', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('product_id', 'day', name=op.f('pk_product_days'))
    )
    op.create_table('shelf_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shelf_version'))
    )
    op.create_table('showings',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('list_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('propensity', sa.Double(), nullable=False),
    sa.Column('is_explored', sa.Boolean(), nullable=False),
    sa.Column('is_personal', sa.Boolean(), nullable=False),
    sa.Column('model_version', sa.Text(), nullable=False),
    sa.Column('odds', sa.Double(), nullable=True),
    sa.Column('odds_band', sa.Enum('VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW', name='oddsband', native_enum=False, length=40), nullable=True),
    sa.Column('wish', sa.Double(), nullable=True),
    sa.Column('value', sa.Double(), nullable=False),
    sa.Column('row_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('shown_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_showings'))
    )
    op.create_index('ix_showings_application_id', 'showings', ['application_id'], unique=False, postgresql_where=sa.text('application_id IS NOT NULL'))
    op.create_index('ix_showings_opened_at', 'showings', ['opened_at'], unique=False, postgresql_where=sa.text('opened_at IS NOT NULL'))
    op.create_index(op.f('ix_showings_shown_at_product_id'), 'showings', ['shown_at', 'product_id'], unique=False)
    op.create_index(op.f('ix_showings_user_id_list_id_product_id'), 'showings', ['user_id', 'list_id', 'product_id'], unique=True)
    op.create_index(op.f('ix_showings_user_id_product_id_shown_at'), 'showings', ['user_id', 'product_id', 'shown_at'], unique=False)
    op.create_table('sweeps',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('RUNNING', 'DONE', 'SUPERSEDED', name='runstate', native_enum=False, length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('shelf_version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sweeps'))
    )
    op.create_index('ix_sweeps_running', 'sweeps', ['begun_at'], unique=False, postgresql_where=sa.text("state = 'RUNNING'"))
    op.create_table('group_costs',
    sa.Column('sweep_id', sa.Uuid(), nullable=False),
    sa.Column('range', sa.Integer(), nullable=False),
    sa.Column('column', sa.Text(), nullable=False),
    sa.Column('group', sa.Text(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('shown', sa.Integer(), nullable=False),
    sa.Column('annual_cost', sa.Double(), nullable=False),
    sa.Column('overpaid', sa.Double(), nullable=False),
    sa.Column('overpaid_squares', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['sweep_id'], ['sweeps.id'], name=op.f('fk_group_costs_sweep_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sweep_id', 'range', 'column', 'group', name=op.f('pk_group_costs'))
    )
    op.create_table('product_reaches',
    sa.Column('sweep_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('range', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('eligible', sa.Integer(), nullable=False),
    sa.Column('against', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['sweep_id'], ['sweeps.id'], name=op.f('fk_product_reaches_sweep_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sweep_id', 'product_id', 'range', name=op.f('pk_product_reaches'))
    )
    op.create_table('snapshot_pages',
    sa.Column('sweep_id', sa.Uuid(), nullable=False),
    sa.Column('range', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('columns_sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['sweep_id'], ['sweeps.id'], name=op.f('fk_snapshot_pages_sweep_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sweep_id', 'range', 'number', name=op.f('pk_snapshot_pages'))
    )
    op.create_table('sweep_ranges',
    sa.Column('sweep_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('after', sa.Uuid(), nullable=False),
    sa.Column('last', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Uuid(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('matched', sa.Integer(), nullable=False),
    sa.Column('unreadable', sa.Integer(), nullable=False),
    sa.Column('simulated', sa.Integer(), nullable=False),
    sa.Column('cpu_seconds', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['sweep_id'], ['sweeps.id'], name=op.f('fk_sweep_ranges_sweep_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sweep_id', 'number', name=op.f('pk_sweep_ranges'))
    )
    op.add_column('products', sa.Column('shelved_in', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.create_index(op.f('ix_products_shelved_in'), 'products', ['shelved_in'], unique=False)
    for statement in SHELF.split(";\n\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER write_shelved_in ON products")
    op.execute("DROP TRIGGER raise_shelf_version ON products")
    op.execute("DROP FUNCTION write_shelved_in")
    op.execute("DROP FUNCTION raise_shelf_version")
    op.drop_index(op.f('ix_products_shelved_in'), table_name='products')
    op.drop_column('products', 'shelved_in')
    op.drop_table('sweep_ranges')
    op.drop_table('snapshot_pages')
    op.drop_table('product_reaches')
    op.drop_table('group_costs')
    op.drop_index('ix_sweeps_running', table_name='sweeps', postgresql_where=sa.text("state = 'RUNNING'"))
    op.drop_table('sweeps')
    op.drop_index(op.f('ix_showings_user_id_product_id_shown_at'), table_name='showings')
    op.drop_index(op.f('ix_showings_user_id_list_id_product_id'), table_name='showings')
    op.drop_index(op.f('ix_showings_shown_at_product_id'), table_name='showings')
    op.drop_index('ix_showings_opened_at', table_name='showings', postgresql_where=sa.text('opened_at IS NOT NULL'))
    op.drop_index('ix_showings_application_id', table_name='showings', postgresql_where=sa.text('application_id IS NOT NULL'))
    op.drop_table('showings')
    op.drop_table('shelf_version')
    op.drop_table('product_days')
    op.drop_index(op.f('ix_picks_product_id_position_user_id'), table_name='picks')
    op.drop_table('picks')
    op.drop_index(op.f('ix_matcher_trainings_begun_at'), table_name='matcher_trainings')
    op.drop_table('matcher_trainings')
    op.drop_table('match_preferences')
    op.drop_table('band_records')
    op.drop_index(op.f('ix_decisions_decided_at'), table_name='decisions')
    op.drop_index('ix_applications_accepted', table_name='applications', postgresql_where=sa.text("status = 'ACCEPTED'"))
    op.drop_index(op.f('ix_applications_created_at'), table_name='applications')
