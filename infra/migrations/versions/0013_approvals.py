"""approvals"""

import sqlalchemy as sa
from alembic import op
revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

DIGEST = """
    (SELECT encode(sha256(convert_to(string_agg(f.name || ' ' || encode(sha256(f.content), 'hex'), E'\\n'
                                                ORDER BY f.name COLLATE "C"), 'UTF8')), 'hex')
       FROM model_files f WHERE f.version = p.version)
"""


def upgrade() -> None:
    op.create_table('approvals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('proposed_by', sa.Uuid(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verdict', sa.Enum('APPROVED', 'REJECTED', name='verdict', native_enum=False, length=40), nullable=True),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.CheckConstraint("verdict <> 'APPROVED' OR decided_by <> proposed_by", name=op.f('ck_approvals_somebody_else')),
    sa.CheckConstraint('(verdict IS NULL) = (decided_by IS NULL)', name=op.f('ck_approvals_somebody_decided')),
    sa.ForeignKeyConstraint(['decided_by'], ['staff.id'], name=op.f('fk_approvals_decided_by')),
    sa.ForeignKeyConstraint(['proposed_by'], ['staff.id'], name=op.f('fk_approvals_proposed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approvals'))
    )
    op.create_index(op.f('ix_approvals_kind_subject_proposed_at'), 'approvals', ['kind', 'subject', 'proposed_at'], unique=False)
    op.create_index('uq_approvals_undecided', 'approvals', ['kind', 'subject'], unique=True, postgresql_where=sa.text('verdict IS NULL'))
    op.execute(f"""
        INSERT INTO approvals (id, kind, subject, hash, title, proposed_by, proposed_at, decided_by, decided_at, verdict, comment)
        SELECT gen_random_uuid(), 'model', p.version, coalesce({DIGEST}, ''), p.version, p.staff_id, p.given_at,
               a.staff_id, a.given_at, CASE WHEN a.staff_id IS NOT NULL THEN 'APPROVED' END, ''
          FROM model_approvals p
          LEFT JOIN LATERAL (SELECT * FROM model_approvals o WHERE o.version = p.version AND NOT o.is_proposal
                              ORDER BY o.given_at LIMIT 1) a ON true
         WHERE p.is_proposal
    """)
    op.drop_table('model_approvals')
    # What was decided stays as it was.
    op.execute("""
        CREATE FUNCTION refuse_change_of_approval() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR OLD.verdict IS NOT NULL THEN
                RAISE EXCEPTION 'an approval stays as it was given';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER approvals_stay BEFORE UPDATE OR DELETE ON approvals
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_approval()
    """)


def downgrade() -> None:
    op.drop_table('approvals')
    op.execute('DROP FUNCTION refuse_change_of_approval')
    op.create_table('model_approvals',
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('SCORE', 'MATCH', name='kind', native_enum=False, length=40), nullable=False),
    sa.Column('is_proposal', sa.Boolean(), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_model_approvals_staff_id')),
    sa.PrimaryKeyConstraint('version', 'staff_id', name=op.f('pk_model_approvals'))
    )
