"""live models"""

import sqlalchemy as sa
from alembic import op
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

KIND = sa.Enum('SCORE', 'MATCH', name='kind', native_enum=False, length=40)


def upgrade() -> None:
    op.create_table('model_artefacts',
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('kind', KIND, nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_model_artefacts'))
    )
    op.create_table('model_files',
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['version'], ['model_artefacts.version'], name=op.f('fk_model_files_version')),
    sa.PrimaryKeyConstraint('version', 'name', name=op.f('pk_model_files'))
    )
    op.create_table('live_models',
    sa.Column('kind', KIND, nullable=False),
    sa.Column('champion', sa.Text(), nullable=True),
    sa.Column('challenger', sa.Text(), nullable=True),
    sa.Column('before', sa.dialects.postgresql.JSONB(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('mac', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['champion'], ['model_artefacts.version'], name=op.f('fk_live_models_champion')),
    sa.ForeignKeyConstraint(['challenger'], ['model_artefacts.version'], name=op.f('fk_live_models_challenger')),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_live_models'))
    )


def downgrade() -> None:
    op.drop_table('live_models')
    op.drop_table('model_files')
    op.drop_table('model_artefacts')
