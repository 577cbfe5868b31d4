"""`./run` and `./test` each install what they need, once, and leave the other's alone."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from json import loads
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUB = """#!/bin/sh
echo "$*" >>calls
[ -z "${SLOW:-}" ] || sleep "$SLOW"
case "$*" in
*"${BREAKS:-nothing breaks}"*) exit 130 ;;
esac
case "$1" in
venv)
    rm -rf .venv
    mkdir -p .venv/bin
    for name in brygga python; do ln -s /bin/true .venv/bin/$name; done
    ;;
esac
"""
RUNNING = ["venv", "requirements.lock", "--editable", "--editable"]
"""The sandbox is a package of its own, beside the service."""
TESTING = ["requirements-test.lock"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone whose uv only notes what it is asked for, in a folder with a space."""
    return laid(tmp_path)


def laid(within: Path) -> Path:
    tmp_path = within / "a folder with å"
    tmp_path.mkdir()
    (tmp_path / "scripts").mkdir()
    shutil.copy2(ROOT / "scripts" / "environment.sh", tmp_path / "scripts")
    locks = ("requirements.lock", "requirements-test.lock", "requirements-docs.lock")
    for name in (*locks, "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    (tmp_path / "packages" / "sandbox").mkdir(parents=True)
    shutil.copy2(ROOT / "packages/sandbox/pyproject.toml", tmp_path / "packages" / "sandbox")
    uv = tmp_path / ".tools" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(STUB)
    uv.chmod(0o755)
    return tmp_path


def prepared(clone: Path, words: str = "") -> list[str]:
    """What uv was asked for, in short."""
    calls = clone / "calls"
    calls.write_text("")
    run = ["/bin/sh", "-euc", f". ./scripts/environment.sh; prepare {words}"]
    subprocess.run(run, cwd=clone, capture_output=True, check=True)
    return re.findall(r"^venv|requirements\S*lock|--editable", calls.read_text(), re.MULTILINE)


def test_running_installs_what_running_needs_and_testing_adds_the_rest(clone: Path) -> None:
    assert prepared(clone) == RUNNING
    assert prepared(clone, "tests") == TESTING


def test_the_site_adds_what_it_needs_once(clone: Path) -> None:
    assert prepared(clone, "docs") == [*RUNNING, "requirements-docs.lock"]
    assert prepared(clone, "docs") == prepared(clone) == []


@pytest.mark.parametrize("stage", ["venv", "requirements.lock", "--editable", "test.lock"])
def test_whatever_stage_is_broken_off_the_next_start_makes_it_whole(
    clone: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by Ctrl-C, or where the network ends."""
    pip = clone / "python3"
    pip.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exec {sys.executable} "$@"\nexit 1\n')
    pip.chmod(0o755)
    monkeypatch.setenv("PATH", f"{clone}:{os.environ['PATH']}")
    monkeypatch.setenv("BREAKS", stage)
    with pytest.raises(subprocess.CalledProcessError):
        prepared(clone, "tests")
    monkeypatch.delenv("BREAKS")

    again = prepared(clone, "tests")

    assert again == (TESTING if stage == "test.lock" else [*RUNNING, *TESTING])
    assert not (clone / ".tools" / ".making").exists()


def test_two_starts_at_once_make_one_environment(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / "calls").write_text("")
    monkeypatch.setenv("SLOW", "0.3")
    run = ["/bin/sh", "-euc", ". ./scripts/environment.sh; prepare tests"]
    starts = [subprocess.Popen(run, cwd=clone, stderr=subprocess.PIPE, text=True) for _ in "12"]
    said = [start.communicate(timeout=60)[1] for start in starts]
    calls = (clone / "calls").read_text()

    assert [0, 0] == [start.returncode for start in starts]
    assert 1 == len(re.findall(r"^venv", calls, re.M)) == calls.count("requirements-test.lock")
    assert 1 == sum("Another start makes the environment" in one for one in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_checkout_of_somebody_else_runs_without_root_and_writes_nothing() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        home = laid(folder)
        prepared(home)
        (home / "calls").chmod(0o444)
        shutil.copy2(ROOT / "run", home)
        subprocess.run(["chmod", "-R", "a+rX,a-w", str(home)], check=True)
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        done = subprocess.run(
            [*nobody, "./run", "--version"], cwd=home, capture_output=True, text=True, check=False
        )

    assert (0, "") == (done.returncode, done.stderr)


def test_an_environment_that_is_there_is_left_alone(clone: Path) -> None:
    assert prepared(clone, "tests") == [*RUNNING, *TESTING]
    assert prepared(clone) == []
    assert prepared(clone, "tests") == []


def test_only_what_changed_is_made_anew(clone: Path) -> None:
    prepared(clone, "tests")
    with (clone / "requirements-test.lock").open("a") as lock:
        lock.write("# changed\n")
    assert prepared(clone) == []
    assert prepared(clone, "tests") == TESTING

    with (clone / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert prepared(clone, "tests") == [*RUNNING, *TESTING]


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock",
        "requirements-test.lock",
        "requirements-docs.lock",
        "requirements-linters.lock",
    ],
)
def test_a_lock_file_names_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = re.findall(r"^[a-z][^\s]*==", text, re.MULTILINE)

    assert len(pinned) >= 20
    assert text.count("--hash=sha256:") >= len(pinned)
    assert re.search(r"://|index|find-links|^-", text, re.MULTILINE) is None


@pytest.mark.parametrize("of", ["foreign", "web"])
def test_the_lock_file_of_node_names_hashes_and_no_index(of: str) -> None:
    folder = ROOT / "tests" / of / "node"
    locked = loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    rows = {name: row for name, row in locked.items() if name}

    assert {name: rows[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, row in rows.items() if not row["integrity"].startswith("sha512-")] == []
    assert [name for name, row in rows.items() if "resolved" in row] == []


@pytest.mark.parametrize(
    ("one", "other"), [("", "-test"), ("", "-docs"), ("-test", "-docs"), ("-test", "-linters")]
)
def test_lock_files_that_share_a_package_name_one_version(one: str, other: str) -> None:
    first, second = pins(f"requirements{one}.lock"), pins(f"requirements{other}.lock")
    shared = first.keys() & second.keys()

    assert shared
    assert [] == [name for name in shared if first[name] != second[name]]


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z][^\s=]*)==(\S+)", text, re.MULTILINE))
