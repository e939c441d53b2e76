"""The jobs of each queue that wait, by when they are due: what a worker takes its next one by."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX procrastinate_jobs_due_idx"
        " ON procrastinate_jobs (queue_name, scheduled_at, id) WHERE status = 'todo'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX procrastinate_jobs_due_idx")
