"""However the demo is ended, at whatever moment, nothing of it is left: no process, no folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60.0


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["while the database is made", "when all answers"])
def test_nothing_is_left_of_a_demo(tmp_path: Path, ending: signal.Signals, moment: str) -> None:
    ready, temporary = tmp_path / "ready.json", tmp_path / "tmp"
    temporary.mkdir()
    tmp_path.chmod(0o755)
    temporary.chmod(0o777)
    demo = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "brygga",
            "demo",
            "--products",
            "1",
            "--port-base",
            "0",
            "--ready-file",
            str(ready),
        ],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=heeding,  # noqa: PLW1509 - the child of a test that has one thread
    )
    try:
        until(lambda: ready.exists() if moment == "when all answers" else any(temporary.iterdir()))
        children = children_of(demo.pid)
        demo.send_signal(ending)
        said = demo.communicate(timeout=TIMEOUT_S)[1].decode()
    finally:
        demo.kill()
        demo.wait()

    assert demo.returncode == (0 if moment == "when all answers" else 130)
    assert "Traceback" not in said
    assert [] == [one.name for one in temporary.iterdir()]
    assert [] == [pid for pid in children if runs(pid)]


def heeding() -> None:
    """As a terminal starts a program: whoever runs the tests may have told them not to heed some of
    these.
    """
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)


def until(seen: Callable[[], bool]) -> None:
    ends = time.monotonic() + TIMEOUT_S
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.02)


def runs(pid: str) -> bool:
    """What has ended may stand in the list until whoever inherited it looks at it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> list[str]:
    shown = subprocess.run(
        ["/bin/ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.split()
