"""Both wheels, built from what this repository holds, and empty environments to install them in."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
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
    environment: Path

    @classmethod
    def within(cls, folder: Path) -> "Installed":
        return cls(folder, folder / "env")

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
    made = Installed.within(folder)
    install = _cleared(made)
    done([*install, *map(str, wheels), *more])
    return made


def _cleared(made: Installed) -> Sequence[str]:
    """An empty environment, and the command that installs into it."""
    made.elsewhere.mkdir()
    made.folder.chmod(0o755)
    done([sys.executable, "-m", "venv", "--without-pip", str(made.environment)])
    install = _installer(made.python, _pins(made.folder))
    if install is None:
        pytest.skip("neither uv nor pip reaches a package index: no installed wheel is tried")
    return install


def _pins(folder: Path) -> Path:
    pins = folder / "pins.txt"
    locked = (ROOT / "requirements.lock").read_text()
    pins.write_text("\n".join(re.findall(r"^[^\s#]+==[^\s\\]+", locked, re.MULTILINE)))
    return pins


@dataclass(frozen=True, slots=True)
class Tool:
    """`uv tool`, in a home of its own in a folder with a space."""

    uv: str
    home: Path

    def run(self, *words: str) -> str:
        folders = {"UV_TOOL_DIR": "tools", "UV_TOOL_BIN_DIR": "bin"}
        env = {name: str(self.home / folder) for name, folder in folders.items()}
        return done([self.uv, "tool", *words], more=env)

    @property
    def brygga(self) -> Path:
        return self.home / "bin" / "brygga"


def installed_as_tool(folder: Path, wheels: Sequence[Path], extra: str) -> tuple[Installed, Tool]:
    """As docs/start.md says it. Skips where uv is missing or reaches no package index."""
    made = Installed(folder, folder / "a home" / "tools" / "brygga")
    probe = Installed.within(folder / "probe")
    probe.folder.mkdir()
    if not (way := _cleared(probe))[0].endswith("uv"):
        pytest.skip("uv reaches no package index: it installs no tool")
    made.elsewhere.mkdir()
    made.folder.chmod(0o755)
    tool = Tool(way[0], made.environment.parents[1])
    links = [word for wheel in wheels for word in ("--find-links", str(wheel.parent))]
    pins = ["--constraints", str(_pins(folder)), "--python", sys.executable]
    tool.run("install", "--quiet", *pins, *links, extra)
    return made, tool


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


def done(run: Sequence[str], cwd: Path | None = None, more: Mapping[str, str] | None = None) -> str:
    """What a command printed. A failure shows all that it said."""
    env = {**bare(), **(more or {})}
    ended = subprocess.run(run, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{run}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def bare() -> dict[str, str]:
    """The machine's environment, without our settings and without a way back into this project."""
    ours = (PREFIX, "PYTHON", "PYTEST", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
