"""What is shown to a person is an impression, in the table too.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

INDICES = ("user_id_product_id_shown_at", "user_id_list_id_product_id", "shown_at_product_id", "opened_at", "application_id")


def upgrade() -> None:
    rename('showings', 'impressions')
    # Servers of before go on writing under the old name while they are replaced one by one.
    op.execute("CREATE VIEW showings AS SELECT * FROM impressions")


def downgrade() -> None:
    op.execute("DROP VIEW showings")
    rename('impressions', 'showings')


def rename(old: str, new: str) -> None:
    op.rename_table(old, new)
    op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")
    for index in INDICES:
        op.execute(f"ALTER INDEX ix_{old}_{index} RENAME TO ix_{new}_{index}")
