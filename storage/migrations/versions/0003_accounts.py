"""People and programs that call, sessions, keys, audit; row-level security."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    op.execute(
        "DROP TABLE refresh_token, user_role, stored_file, sign_in, shop_member, "
        "service_key, one_time_code, idempotency_key, audit_entry, app_user"
    )
    op.execute(
        """
        DROP POLICY shop_public ON shop;
        DROP POLICY shop_platform ON shop;
        DROP POLICY shop_own ON shop;
        DROP POLICY stock_listing_tenant ON stock_listing;
        DROP POLICY past_delivery_tenant ON past_delivery;
        ALTER TABLE shop NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        ALTER TABLE stock_listing NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        ALTER TABLE past_delivery NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        DROP FUNCTION clutch_is_platform, clutch_shop_id, clutch_user_id, clutch_append_only
        """
    )
