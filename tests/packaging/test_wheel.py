"""The wheel holds all that the service needs, and works in an otherwise empty environment."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from json import loads
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from brygga.cli.commands import COMMANDS
from brygga.settings import PREFIX
from brygga_sandbox.sandbox import Connector

ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "src", "scripts")
BUILT = shutil.ignore_patterns("*.mo", "__pycache__", "*.pyc")
TIMEOUT_S = 240.0
LOADING = """
from importlib import import_module
from brygga.cli.commands import COMMANDS
for name in COMMANDS:
    import_module(f"brygga.cli.{name}")
    print(name)
"""
HEADERS = {"Accept-Language": "sv"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a source archive, which was built where nobody had compiled the translations."""
    folder = tmp_path_factory.mktemp("build")
    clone = folder / "clone"
    clone.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clone / name, ignore=BUILT)
        else:
            shutil.copy2(ROOT / name, clone)
    archive = _built(clone, "sdist", folder)
    shutil.unpack_archive(archive, folder)
    return _built(folder / archive.name.removesuffix(".tar.gz"), "wheel", folder)


def _built(source: Path, target: str, into: Path) -> Path:
    """By the packages that this environment holds: building needs no package index."""
    before = set(into.iterdir())
    build = [sys.executable, "-m", "hatchling", "build"]
    _done([*build, "--target", target, "--directory", str(into)], cwd=source)
    (built,) = set(into.iterdir()) - before
    return built


def test_the_wheel_holds_every_file_of_the_package_and_its_licence(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        held = [name for name in packed.namelist() if ".dist-info/" not in name]
        licence = packed.read(f"brygga-{version('brygga')}.dist-info/licenses/LICENSE")

    source = ROOT / "src"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    ours = [str(name) for name in files if name.suffix not in {".mo", ".pyc"}]
    wanted = {name.replace(".po", ".mo") for name in ours}
    assert sorted(wanted) == sorted(held)
    assert licence == (ROOT / "LICENSE").read_bytes()
    assert {"brygga/py.typed", "brygga/web/locale/sv/LC_MESSAGES/messages.mo"} <= wanted


# ---- In an empty environment ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that holds the wheel and what the wheel asks for."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"

    @property
    def brygga(self) -> str:
        return str(self.folder / "env" / "bin" / "brygga")

    @property
    def elsewhere(self) -> Path:
        """A folder from which nothing of this project is found."""
        return self.folder / "elsewhere"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Skips where no package index can be reached; a wheel that cannot be installed is an error."""
    made = Installed(tmp_path_factory.mktemp("installed"))
    made.elsewhere.mkdir()
    made.folder.chmod(0o755)
    _done([sys.executable, "-m", "venv", "--without-pip", str(made.folder / "env")])
    pins = made.folder / "pins.txt"
    locked = (ROOT / "requirements.lock").read_text()
    pins.write_text("\n".join(re.findall(r"^[^\s#]+==[^\s\\]+", locked, re.MULTILINE)))
    install = _installer(made.python, pins)
    if install is None:
        pytest.skip("neither uv nor pip reaches a package index: no installed wheel is tried")
    _done([*install, str(wheel)])
    return made


def _installer(python: Path, pins: Path) -> Sequence[str] | None:
    """The first of uv and pip that can install a small package of ours."""
    uv = shutil.which("uv", path=f"{ROOT / '.tools' / 'bin'}:{os.environ.get('PATH', '')}")
    base = sys._base_executable  # type: ignore[attr-defined]
    ways = [[base, "-m", "pip", "--quiet", "--python", str(python), "install"]]
    if uv:
        ways.insert(0, [uv, "pip", "install", "--quiet", "--python", str(python)])
    for way in ways:
        install = [*way, "--constraint", str(pins)]
        tried = subprocess.run([*install, "markupsafe"], capture_output=True, check=False)
        if tried.returncode == 0:
            return install
    return None


def _done(run: Sequence[str], cwd: Path | None = None) -> str:
    done = subprocess.run(run, cwd=cwd, env=_bare(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{run}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _bare() -> dict[str, str]:
    """The machine's environment, without our settings and without a way back into this project."""
    ours = (PREFIX, "PYTHON", "PYTEST", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass(frozen=True, slots=True)
class Demo:
    """The installed demo, as its ready file describes it."""

    facts: dict[str, Any]

    def settings(self, data: Path) -> dict[str, str]:
        """Those of a service that takes the demo's sandboxes for the platforms."""
        zettle, shop, app = self.facts["zettle"], self.facts["bigcommerce"], Connector()
        hosts = ("oauth", "products", "inventory", "pusher", "purchase", "secure")
        values = {
            **{f"ZETTLE_{host.upper()}_URL": zettle[host] for host in hosts},
            "ZETTLE_IMAGE_URL": zettle["oauth"].replace("/oauth", "/image"),
            "BIGCOMMERCE_API_URL": shop["api"],
            "BIGCOMMERCE_LOGIN_URL": shop["login"],
            "ZETTLE_CLIENT_ID": app.zettle_client_id,
            "ZETTLE_CLIENT_SECRET": app.zettle_client_secret,
            "BIGCOMMERCE_CLIENT_ID": app.bigcommerce_client_id,
            "BIGCOMMERCE_CLIENT_SECRET": app.bigcommerce_client_secret,
            "PUBLIC_URL": self.facts["app"],
            "SECRET_KEYS": "a test secret that is long enough",
            "CONTACT_EMAIL": "help@example.com",
            "DATA_DIR": str(data),
        }
        return {PREFIX + name: value for name, value in values.items()}


@pytest.fixture(scope="module")
def demo(installed: Installed) -> Iterator[Demo]:
    ready = installed.folder / "ready.json"
    words = ("demo", "--products", "1", "--port-base", "0", "--ready-file", str(ready))
    begun = _begun(installed, *words)
    try:
        _until(lambda: ready.exists() or begun.poll() is not None)
        assert ready.exists(), begun.communicate()
        yield Demo(loads(ready.read_text()))
        begun.send_signal(signal.SIGTERM)
        said = begun.communicate(timeout=TIMEOUT_S)
        assert begun.returncode == 0, said
    finally:
        begun.kill()
        begun.wait()


def _begun(installed: Installed, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [installed.brygga, *words],
        cwd=installed.elsewhere,
        env=_bare(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _until(seen: Callable[[], bool]) -> None:
    ends = time.monotonic() + TIMEOUT_S
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture(scope="module")
def check(installed: Installed) -> Iterator["subprocess.Popen[str]"]:
    """Begun early and looked at last: it waits for most of a minute."""
    begun = _begun(installed, "check", "--products", "4")
    yield begun
    begun.kill()
    begun.wait()


@pytest.mark.slow
def test_every_command_loads_in_an_empty_environment(installed: Installed) -> None:
    said = _done([str(installed.python), "-I", "-c", LOADING], cwd=installed.elsewhere)

    assert said.split() == list(COMMANDS)


@pytest.mark.slow
@pytest.mark.usefixtures("check")
def test_an_installed_brygga_tells_its_version(installed: Installed) -> None:
    said = _done([installed.brygga, "--version"], cwd=installed.elsewhere)

    assert said == f"brygga {version('brygga')}\n"


@pytest.mark.slow
def test_an_installed_demo_speaks_swedish_and_ends_well(demo: Demo) -> None:
    """Only the compiled translations are in the wheel."""
    asked = urllib.request.Request(f"{demo.facts['app']}/sign-in", headers=HEADERS)
    with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
        page = answer.read().decode()

    assert "Logga in med Zettle" in page


@pytest.mark.slow
def test_an_installed_doctor_misses_only_a_public_address(installed: Installed, demo: Demo) -> None:
    """`migrate` makes the embedded database before it."""
    env = {**_bare(), **demo.settings(installed.folder / "data")}
    run, place = installed.brygga, installed.elsewhere
    subprocess.run([run, "migrate"], cwd=place, env=env, capture_output=True, check=True)
    words = [run, "doctor", "--json"]
    reported = subprocess.run(words, cwd=place, env=env, capture_output=True, check=False)
    wrong = [one["what"] for one in loads(reported.stdout) if one["verdict"] == "wrong"]

    assert reported.returncode == 1
    assert wrong == [f"{demo.facts['app']} is this machine only"]


@pytest.mark.slow
def test_an_installed_check_of_a_small_library_is_well(check: "subprocess.Popen[str]") -> None:
    said, complaints = check.communicate(timeout=TIMEOUT_S)

    assert said.startswith("well: 4 of 4 products"), said + complaints
    assert check.returncode == 0
