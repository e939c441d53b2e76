"""People who were asked to work at a shop, and have not said yes yet."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STAFF_INVITATION = """
CREATE TABLE staff_invitation (
    invitation_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    destination text NOT NULL,
    role text NOT NULL,
    invited_at timestamptz NOT NULL,
    CONSTRAINT staff_invitation_pkey PRIMARY KEY (invitation_id),
    CONSTRAINT staff_invitation_role_known_check CHECK (role IN ('shop_owner', 'shop_staff')),
    CONSTRAINT staff_invitation_shop_id_fkey
        FOREIGN KEY(shop_id) REFERENCES shop (shop_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX staff_invitation_key ON staff_invitation (shop_id, destination);
CREATE INDEX staff_invitation_destination_idx ON staff_invitation (destination);

ALTER TABLE staff_invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY staff_invitation_tenant ON staff_invitation USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
);

-- The role that serves owns nothing; on a server of one's own it may not be there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON staff_invitation TO clutch_app;
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute(_STAFF_INVITATION)


def downgrade() -> None:
    op.execute("DROP TABLE staff_invitation")
