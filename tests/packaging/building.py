"""Both wheels, built from what this repository holds, and empty environments to install them in."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from brygga.settings import PREFIX

ROOT = Path(__file__).parents[2]
SERVICE = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "src", "scripts")
SANDBOX = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "docs", "src")
BUILT = shutil.ignore_patterns("*.mo", "__pycache__", "*.pyc")


def wheel_of(source: Path, names: Sequence[str], folder: Path) -> Path:
    """Built from a source archive, which was built where nobody had compiled anything."""
    clone = folder / "clone"
    clone.mkdir()
    for name in names:
        if (source / name).is_dir():
            shutil.copytree(source / name, clone / name, ignore=BUILT)
        else:
            shutil.copy2(source / name, clone)
    archive = _built(clone, "sdist", folder)
    shutil.unpack_archive(archive, folder)
    return _built(folder / archive.name.removesuffix(".tar.gz"), "wheel", folder)


def _built(source: Path, target: str, into: Path) -> Path:
    """By the packages that this environment holds: building needs no package index."""
    before = set(into.iterdir())
    build = [sys.executable, "-m", "hatchling", "build"]
    done([*build, "--target", target, "--directory", str(into)], cwd=source)
    (built,) = set(into.iterdir()) - before
    return built


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that holds wheels and what they ask for."""

    folder: Path

    @property
    def environment(self) -> Path:
        return self.folder / "env"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def brygga(self) -> str:
        return str(self.environment / "bin" / "brygga")

    @property
    def elsewhere(self) -> Path:
        """A folder from which nothing of this project is found."""
        return self.folder / "elsewhere"


def installed_in(folder: Path, wheels: Sequence[Path], *more: str) -> Installed:
    """Skips where no package index can be reached; a wheel that cannot be installed is an error."""
    made = Installed(folder)
    made.elsewhere.mkdir()
    made.folder.chmod(0o755)
    done([sys.executable, "-m", "venv", "--without-pip", str(made.environment)])
    pins = made.folder / "pins.txt"
    locked = (ROOT / "requirements.lock").read_text()
    pins.write_text("\n".join(re.findall(r"^[^\s#]+==[^\s\\]+", locked, re.MULTILINE)))
    install = _installer(made.python, pins)
    if install is None:
        pytest.skip("neither uv nor pip reaches a package index: no installed wheel is tried")
    done([*install, *map(str, wheels), *more])
    return made


def _installer(python: Path, pins: Path) -> Sequence[str] | None:
    """The first of uv and pip that can resolve a small package of ours."""
    uv = shutil.which("uv", path=f"{ROOT / '.tools' / 'bin'}:{os.environ.get('PATH', '')}")
    base = sys._base_executable  # type: ignore[attr-defined]
    ways = [[base, "-m", "pip", "--quiet", "--python", str(python), "install"]]
    if uv:
        ways.insert(0, [uv, "pip", "install", "--quiet", "--python", str(python)])
    for way in ways:
        install = [*way, "--constraint", str(pins)]
        asked = [*install, "--dry-run", "--no-deps", "h11"]
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return install
    return None


def done(run: Sequence[str], cwd: Path | None = None) -> str:
    """What a command printed. A failure shows all that it said."""
    ended = subprocess.run(run, cwd=cwd, env=bare(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{run}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def bare() -> dict[str, str]:
    """The machine's environment, without our settings and without a way back into this project."""
    ours = (PREFIX, "PYTHON", "PYTEST", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
