"""What changed since a time is found in a partner's feed without a look at the rows that did not."""

from alembic import op

revision = '0123'
down_revision = '0122'
branch_labels = None
depends_on = None

TABLES = ('agreements', 'applications', 'consents')
ORDER = ['partner_id', 'feed_position', 'id']


def upgrade() -> None:
    _put_in_place(of=[*ORDER, 'updated_at'], instead_of=ORDER)


def downgrade() -> None:
    _put_in_place(of=ORDER, instead_of=[*ORDER, 'updated_at'])


def _put_in_place(of: list[str], instead_of: list[str]) -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.create_index(_name(table, of), table, of, postgresql_concurrently=True, if_not_exists=True)
            op.drop_index(_name(table, instead_of), table_name=table, postgresql_concurrently=True, if_exists=True)


def _name(table: str, columns: list[str]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
