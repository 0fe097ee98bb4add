"""Somebody of a partner's staff signs in as our own do: such a member has a partner and no role."""

import sqlalchemy as sa
from alembic import op

revision = '0103'
down_revision = '0102'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('staff', sa.Column('partner_id', sa.Uuid(), nullable=True))
    op.execute('ALTER TABLE staff ALTER COLUMN role DROP NOT NULL')
    op.execute('ALTER TABLE staff ADD CONSTRAINT ck_staff_one_employer CHECK ((role IS NULL) = (partner_id IS NOT NULL)) NOT VALID')
    op.execute('ALTER TABLE staff VALIDATE CONSTRAINT ck_staff_one_employer')
    op.execute(
        'ALTER TABLE staff ADD CONSTRAINT fk_staff_partner_id'
        ' FOREIGN KEY (partner_id) REFERENCES partners (id) ON DELETE CASCADE NOT VALID'
    )
    op.execute('ALTER TABLE staff VALIDATE CONSTRAINT fk_staff_partner_id')
    with op.get_context().autocommit_block():
        op.create_index(op.f('ix_staff_partner_id'), 'staff', ['partner_id'], postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    op.execute('DELETE FROM staff WHERE partner_id IS NOT NULL')
    op.drop_column('staff', 'partner_id')
    op.alter_column('staff', 'role', nullable=False)
