"""No code is left behind: every line and failure that has words is written or raised somewhere."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from brygga.bigcommerce.codes import Code as StoreCode
from brygga.core.guards import Effect
from brygga.core.report import Code as LineCode
from brygga.zettle.codes import Code as ZettleCode

SOURCE = Path(__file__).parents[2] / "src" / "brygga"
BY_THE_WIRE = {"UNREACHABLE", "BUSY", "UNANSWERED"}
"""`wire.door` raises these for every platform, by the platform's name."""


def _unused(codes: type[StrEnum], home: str) -> list[str]:
    """Members that no file but their own names."""
    files = [path for path in SOURCE.rglob("*.py") if path != SOURCE / home]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named = set(re.findall(r"\b(?:\w*Code|\w*codes|Effect)\.([A-Z_]+)\b", text))
    return [code.name for code in codes if code.name not in named]


@pytest.mark.parametrize(
    ("codes", "home"),
    [
        (LineCode, "core/report.py"),
        (ZettleCode, "zettle/codes.py"),
        (StoreCode, "bigcommerce/codes.py"),
        (Effect, "core/guards.py"),
    ],
)
def test_every_code_is_used(codes: type[StrEnum], home: str) -> None:
    assert [] == [name for name in _unused(codes, home) if name not in BY_THE_WIRE]


def test_the_check_would_catch_a_code_that_nobody_uses() -> None:
    class Code(StrEnum):
        LEFT_BEHIND = "left_behind"

    assert ["LEFT_BEHIND"] == _unused(Code, "core/report.py")
