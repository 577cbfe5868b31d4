"""Known vulnerabilities of what the lock files pin: `python scripts/audit.py`.

`uv audit` asks the OSV database about exactly these versions. Offline, one line says that nothing
was asked, and the exit code is 0: a machine without a network can run the tests. `--online` makes
that a failure, for a machine that has one. Exit code 1: something is known.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock")
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*(?:\[[\w,-]+\])?==[^\s\\;]+)\s*(;[^\\]+)?", re.MULTILINE)
OFFLINE = (
    "error sending request",
    "dns error",
    "Failed to fetch",
    "Could not connect",
    "operation timed out",
    "timed out",
)
LONGEST_S = 120


def pins(text: str) -> list[str]:
    """Each pinned version of a lock file, with its marker."""
    return [f"{name} {marker.strip()}".strip() for name, marker in PIN.findall(text)]


def verdict(code: int, said: str) -> tuple[str, int]:
    """What to print, and the exit code: 0 nothing known, 1 something known, 2 could not be
    asked.
    """
    if any(word in said for word in OFFLINE):
        return "not audited: the index or the vulnerability database cannot be reached", 2
    if code == 0:
        return "no known vulnerability in what the lock files pin", 0
    return said.strip(), 1


def audit(uv: str, wanted: Sequence[str]) -> tuple[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        listed = json.dumps(sorted(set(wanted)), indent=1)
        text = (
            '[project]\nname = "audited"\nversion = "0"\nrequires-python = '
            f'">=3.11"\ndependencies = {listed}\n'
        )
        Path(folder, "pyproject.toml").write_text(text)
        command = [uv, "audit", "--preview-features", "audit-command"]
        try:
            done = subprocess.run(  # noqa: S603 - our own uv
                command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired:
            return verdict(1, "timed out")
    return verdict(done.returncode, done.stdout + done.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--online", action="store_true", help="fail where nothing can be asked")
    asked = parser.parse_args()
    uv = (
        str(ROOT / ".tools" / "bin" / "uv")
        if (ROOT / ".tools" / "bin" / "uv").exists()
        else shutil.which("uv")
    )
    if uv is None:
        said, code = "not audited: there is no uv", 2
    else:
        said, code = audit(uv, [pin for name in LOCKS for pin in pins((ROOT / name).read_text())])
    print(said)
    return 0 if code == 2 and not asked.online else code


if __name__ == "__main__":
    sys.exit(main())
