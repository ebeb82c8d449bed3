"""waiting runs by subject"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.drop_index("ix_run_waiting", "run")
    op.create_index("ix_run_waiting", "run", ["subject", "waiting_for"], sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index("ix_run_waiting", "run")
    op.create_index("ix_run_waiting", "run", ["state", "waiting_for"])
