"""Structured logs in English, with the trace id and without message texts, tokens or phone numbers."""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import structlog

_PROCESSORS: list[Any] = []
"""One list for good: loggers keep it from their first line on, and whoever starts again or listens in changes it."""
_SECRET = re.compile(r"(access_token|secret|token|key|corpsecret)=[^&\s\"']+", re.IGNORECASE)


def start(level: str = "INFO", *, as_json: bool | None = None) -> None:
    """Write logs to standard error: as JSON, or in colour on a terminal."""
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    _PROCESSORS[:] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        _redact,
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(),
    )
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(_StandardError()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


class _StandardError:
    """Whatever standard error is when a line is written: loggers are kept, and outlive the one they began with."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def get(name: str) -> Any:
    """A logger; `get(__name__).info("what happened", who=…)`."""
    return structlog.get_logger(source=name)


def tracing(trace_id: str) -> AbstractContextManager[None]:
    """Put a trace id into every line that is logged inside."""
    return structlog.contextvars.bound_contextvars(trace_id=trace_id)


def redact(text: str) -> str:
    """Hide the secrets that URLs carry."""
    return _SECRET.sub(r"\1=…", text)


def _redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in entry.items():
        if isinstance(value, str):
            entry[name] = redact(value)
    return entry
