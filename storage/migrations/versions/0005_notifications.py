"""What anyone is told: events, inbox, devices, webhooks."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    op.execute(
        "DROP TABLE dispatch, webhook_delivery, room_event, notification_choice, "
        "notification, device, webhook_endpoint, room"
    )
