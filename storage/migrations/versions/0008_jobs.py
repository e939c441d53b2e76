"""Jobs that are queued in the transaction that causes them: procrastinate's own tables."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events,
            procrastinate_periodic_defers, procrastinate_workers TO clutch_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clutch_app;
    END IF;
END $$
"""
_DROP = """
DO $$
DECLARE each record;
BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
        procrastinate_workers CASCADE;
    FOR each IN
        SELECT oid::regprocedure AS name FROM pg_proc WHERE proname LIKE 'procrastinate%'
    LOOP
        EXECUTE 'DROP FUNCTION ' || each.name || ' CASCADE';
    END LOOP;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status,
        procrastinate_job_event_type CASCADE;
END $$
"""


def upgrade() -> None:
    # Past SQLAlchemy's reading of text: the library's SQL holds colons of its own.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(_GRANTS)


def downgrade() -> None:
    op.execute(_DROP)
