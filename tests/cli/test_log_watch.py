"""The search of the log, with which each run of the service in memory ends, finds secrets."""

import logging

import structlog

from tests.log_watch import recorded, told


def test_a_secret_in_any_line_would_be_found() -> None:
    with recorded() as lines:
        structlog.get_logger().debug("asked", token="s3cr3t-a")
        logging.getLogger("somebody").warning("refused: %s", "s3cr3t-b")
        try:
            _fail("s3cr3t-c")
        except RuntimeError:
            structlog.get_logger().exception("failed")
        structlog.get_logger().info("ended", count=1)

    assert 3 == len(told(lines, {"s3cr3t-a", "s3cr3t-b", "s3cr3t-c"}))
    assert 4 == len(lines)


def _fail(secret: str) -> None:
    raise RuntimeError(f"no answer from {secret}")


def test_the_log_is_afterwards_as_it_was() -> None:
    before = structlog.get_config()
    with recorded():
        pass

    assert before == structlog.get_config()
