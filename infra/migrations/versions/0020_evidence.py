"""The log of evidence: its leaves, its tree, its signed heads."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'evidence_leaves',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.Enum('CONSENT', 'LOOKUP', 'DECISION', 'AGREEMENT', name='evidencekind', native_enum=False, length=40), nullable=False),
        sa.Column('subject_id', sa.Uuid(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('commitment', sa.LargeBinary(), nullable=False),
        sa.Column('content_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('position', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_evidence_leaves')),
    )
    op.create_index(op.f('ix_evidence_leaves_position'), 'evidence_leaves', ['position'])
    op.create_index('ix_evidence_leaves_unsealed', 'evidence_leaves', ['id'], postgresql_where=sa.text('position IS NULL'))
    op.create_table(
        'evidence_nodes',
        sa.Column('level', sa.SmallInteger(), nullable=False),
        sa.Column('place', sa.BigInteger(), nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('level', 'place', name=op.f('pk_evidence_nodes')),
    )
    op.create_table(
        'evidence_heads',
        sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('size', name=op.f('pk_evidence_heads')),
    )


def downgrade() -> None:
    op.drop_table('evidence_heads')
    op.drop_table('evidence_nodes')
    op.drop_table('evidence_leaves')
