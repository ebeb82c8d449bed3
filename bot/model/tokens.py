"""Access tokens as values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SealedToken:
    """A token that only those can read who know the secret that it was fetched with."""

    text: str
    expires_at: datetime
