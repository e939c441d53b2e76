"""The provider of cards and wallets is called `hosted`, whichever the settings name."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename("sandbox", "hosted")


def downgrade() -> None:
    _rename("hosted", "sandbox")


def _rename(before: str, after: str) -> None:
    # Row-level security binds the owner of the tables too, unless it is a superuser.
    op.execute("SET LOCAL clutch.platform = 'on'")
    for table in ("payment", "payment_event"):
        renamed = f"UPDATE {table} SET provider = '{after}' WHERE provider = '{before}'"  # noqa: S608 - ours
        op.execute(renamed)
    op.execute("SET LOCAL clutch.platform = 'off'")
