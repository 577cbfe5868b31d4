"""The search of the log, with which each run of the service in memory ends, finds secrets."""

import logging
import sys

import pytest
import structlog

from brygga.cli import logs
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


@pytest.mark.parametrize("is_person", [True, False])
def test_a_value_with_line_breaks_stays_in_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_person: bool
) -> None:
    """What a client sent makes no second line, and moves no cursor of a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_person, raising=False)
    logs.configure()
    structlog.get_logger().warning("asked", query='a\n{"level": "error"}\r\x1b[2J')
    said = capsys.readouterr().err

    assert 1 == said.count("\n")
    assert "\x1b[2J" not in said
    assert "asked" in said
