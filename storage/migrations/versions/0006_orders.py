"""Orders, invitations, quotes, ratings."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    op.execute(
        "DROP TABLE quote_line, quote, rating, order_transition, order_part, "
        "order_invitation, parts_order, vehicle"
    )
