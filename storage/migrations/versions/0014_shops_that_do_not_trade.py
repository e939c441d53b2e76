"""Administrators list the shops that wait, are suspended or inactive: few among many."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX shop_idle_idx ON shop (status, shop_id) WHERE status <> 'active'")


def downgrade() -> None:
    op.execute("DROP INDEX shop_idle_idx")
