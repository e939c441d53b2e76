"""What is looked for every few minutes is found without reading every payment and delivery."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX payment_unsettled_idx ON payment (updated_at)"
        " WHERE status IN ('pending', 'authorised') AND provider <> 'cash'"
    )
    op.execute("CREATE INDEX refund_waiting_idx ON refund (created_at) WHERE status = 'pending'")
    op.execute(
        "CREATE INDEX delivery_untold_idx ON delivery (promise_at)"
        " WHERE late_alerted_at IS NULL AND status NOT IN ('delivered', 'cancelled')"
    )


def downgrade() -> None:
    op.execute("DROP INDEX payment_unsettled_idx, refund_waiting_idx, delivery_untold_idx")
