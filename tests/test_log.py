"""What is logged can be listened to, carries its trace, and names no secret."""

from collections.abc import Iterator

import orjson
import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot import log


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    kept = structlog.get_config()
    processors = list(kept["processors"])
    yield
    kept["processors"][:] = processors
    structlog.configure(**kept)


def test_secrets_of_an_address_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    log.start(as_json=True)
    with log.tracing("mine"):
        log.get("here").info("asked", url="https://example.com/token?corpid=ww1&corpsecret=s3cret&access_token=t0k")
    line = orjson.loads(capsys.readouterr().err)
    assert line["trace_id"] == "mine"
    assert line["source"] == "here"
    assert line["url"] == "https://example.com/token?corpid=ww1&corpsecret=…&access_token=…"


def test_a_logger_that_has_written_is_listened_to_after_another_start() -> None:
    log.start(as_json=True)
    logger = log.get("here")
    logger.info("first")
    log.start("WARNING", as_json=True)
    with capture_logs(processors=[merge_contextvars]) as lines:
        logger.warning("second")
    assert [line["event"] for line in lines] == ["second"]
