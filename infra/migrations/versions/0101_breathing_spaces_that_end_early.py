"""When, by whom and why a breathing space was ended before its last day."""

import sqlalchemy as sa
from alembic import op

revision = '0101'
down_revision = '0100'
branch_labels = None
depends_on = None

STAYS = """
CREATE OR REPLACE TRIGGER stays BEFORE UPDATE OR DELETE ON breathing_spaces
    FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '{}')
"""


def upgrade() -> None:
    op.add_column('breathing_spaces', sa.Column('ended_on', sa.Date(), nullable=True))
    op.add_column('breathing_spaces', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('breathing_spaces', sa.Column('ended_by', sa.Uuid(), nullable=True))
    op.add_column('breathing_spaces', sa.Column('end_reason_sealed', sa.LargeBinary(), nullable=True))
    op.execute(STAYS.format('{ended_on,ended_at,ended_by,end_reason_sealed}', 'ended_on'))


def downgrade() -> None:
    op.execute(STAYS.format('{}', ''))
    for column in ('end_reason_sealed', 'ended_by', 'ended_at', 'ended_on'):
        op.drop_column('breathing_spaces', column)
