"""The audit of dependencies asks about what is pinned, and stands being offline."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_pin_of_the_lock_files_is_asked_about(audit: ModuleType) -> None:
    text = (ROOT / "requirements.lock").read_text()
    found = audit.pins(text)

    assert len(found) == sum("==" in line.partition(";")[0] for line in text.splitlines())
    assert any(pin.startswith("litestar==") for pin in found)
    assert all("\\" not in pin and "--hash" not in pin for pin in found)


def test_a_pin_keeps_its_marker(audit: ModuleType) -> None:
    lines = (
        "deprecated==1.3.1 ; python_full_version < '3.12' \\\n    "
        "--hash=sha256:00\nh11==0.16.0 \\\n    --hash=sha256:01\n"
    )

    assert ["deprecated==1.3.1 ; python_full_version < '3.12'", "h11==0.16.0"] == audit.pins(lines)


@pytest.mark.parametrize(
    ("code", "said", "exit_code"),
    [
        (0, "Found no known vulnerabilities", 0),
        (1, "jinja2 3.1.2 has 5 known vulnerabilities", 1),
        (2, "error: Request failed\n  cause: dns error", 2),
        (2, "error: error sending request for url", 2),
        (1, "timed out", 2),
    ],
)
def test_offline_is_told_from_a_finding(
    audit: ModuleType, code: int, said: str, exit_code: int
) -> None:
    assert exit_code == audit.verdict(code, said)[1]
