"""Row-level security for what is a person's own, and for who gives roles."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BOUND = (
    *("vehicle", "parts_order", "order_part", "order_transition", "notification"),
    *("stored_file", "idempotency_key", "user_role", "service_key"),
)
_POLICIES = (
    ("vehicle_tenant", "vehicle"),
    ("order_part_tenant", "order_part"),
    ("order_transition_tenant", "order_transition"),
    ("parts_order_tenant", "parts_order"),
    ("notification_tenant", "notification"),
    ("notification_told", "notification"),
    ("stored_file_tenant", "stored_file"),
    ("stored_file_shown", "stored_file"),
    ("idempotency_key_tenant", "idempotency_key"),
    ("shop_member_tenant", "shop_member"),
    ("shop_member_own", "shop_member"),
    ("user_role_platform", "user_role"),
    ("user_role_known", "user_role"),
    ("service_key_platform", "service_key"),
)
_AS_BEFORE = """
CREATE POLICY shop_member_tenant ON shop_member USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
)
"""


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    for policy, table in _POLICIES:
        op.execute(f"DROP POLICY {policy} ON {table}")
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(_AS_BEFORE)
