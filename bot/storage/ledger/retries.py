"""How often something is tried again, and after how long."""

import zlib
from datetime import timedelta

MAX_ATTEMPTS = 8


def backoff(attempts: int, row_id: int) -> timedelta:
    """About 1, 2, 4 … seconds, at the most ten minutes: how long a row waits after so many attempts."""
    pause = min(timedelta(seconds=2 ** min(attempts - 1, 10)), timedelta(minutes=10))
    return scattered(pause, row_id, attempts)


def scattered(pause: timedelta, row_id: int, attempts: int) -> timedelta:
    """A quarter more or less, so that rows that failed together do not come back together.

    Which of them waits how long follows from the row: the same story told again has the same moments.
    """
    spread = zlib.crc32(f"{row_id}:{attempts}".encode()) / 2**32
    return pause * (0.75 + spread / 2)
