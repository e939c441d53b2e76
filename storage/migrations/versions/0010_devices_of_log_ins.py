"""A device hears as long as the log-in lasts that registered it; those of before have none."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE device ADD COLUMN sign_in_id uuid"
        " CONSTRAINT device_sign_in_id_fkey REFERENCES sign_in (sign_in_id) ON DELETE CASCADE"
    )
    op.execute("CREATE INDEX device_sign_in_id_idx ON device (sign_in_id)")


def downgrade() -> None:
    op.execute("ALTER TABLE device DROP COLUMN sign_in_id")
