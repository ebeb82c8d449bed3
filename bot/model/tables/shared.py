"""What the processes of one bot share through the database: leases, counted calls, mass sends, access tokens."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.model.columns import UtcDateTime, json_field, maybe_time_field, time_field


class LeaseRow(SQLModel, table=True):
    """Who alone may do something, and until when."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = time_field()


class CounterRow(SQLModel, table=True):
    """The calls of one window against one limit (see `bot.model.limits`), or until when an endpoint rests."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    slots: list[list[int]] = json_field(list)
    rests_until: datetime | None = maybe_time_field()


class MassCount(SQLModel, table=True):
    """How many mass sends a contact or a customer group has been given in a window of the platform's cap."""

    __tablename__ = "mass_count"

    subject: str = Field(primary_key=True)
    until: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    count: int


class TokenRow(SQLModel, table=True):
    """An access token, sealed."""

    __tablename__ = "token"

    name: str = Field(primary_key=True)
    sealed: str
    expires_at: datetime = time_field()
