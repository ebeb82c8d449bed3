"""How Alembic reaches the database: through the connection that `bot.storage.migrate` hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON
from sqlmodel import AutoString, SQLModel

import bot.model.tables
from bot.model.columns import UtcDateTime

assert bot.model.tables


def written(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """How our own column types are written in a migration."""
    if kind != "type":
        return False
    match item:
        case UtcDateTime():
            return "columns.UtcDateTime()"
        case JSON():
            return "columns.Json"
        case AutoString():
            return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=written,
)
with context.begin_transaction():
    context.run_migrations()
