"""The wheel holds all that the service needs, and works in an otherwise empty environment."""

import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
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
from tests.packaging.building import ROOT, Installed, Tool, bare, done, installed_as_tool

TIMEOUT_S = 240.0
LOADING = """
from importlib import import_module
from brygga.cli.commands import COMMANDS, module_of
for name in COMMANDS:
    import_module(module_of(name))
    print(name)
"""
HEADERS = {"Accept-Language": "sv"}


def test_the_wheel_holds_every_file_of_the_package_and_its_licence(service_wheel: Path) -> None:
    with ZipFile(service_wheel) as packed:
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


@pytest.fixture(scope="module")
def as_tool(
    service_wheel: Path, sandbox_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Installed, Tool]:
    """By `uv tool install`, with all extras; the package of `demo` is the other wheel."""
    folder = tmp_path_factory.mktemp("installed")
    extra = f"brygga[demo,mail,otel] @ {service_wheel.as_uri()}"
    return installed_as_tool(folder, [sandbox_wheel], extra)


@pytest.fixture(scope="module")
def installed(as_tool: tuple[Installed, Tool]) -> Installed:
    return as_tool[0]


@dataclass(frozen=True, slots=True)
class Demo:
    """The installed demo, as its ready file describes it."""

    facts: dict[str, Any]
    process: "subprocess.Popen[str]"

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
        yield Demo(loads(ready.read_text()), begun)
        if begun.poll() is None:
            begun.send_signal(signal.SIGTERM)
        begun.wait(TIMEOUT_S)
        assert begun.returncode == 0
    finally:
        begun.kill()
        begun.wait()


def _begun(installed: Installed, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [installed.brygga, *words],
        cwd=installed.elsewhere,
        env=bare(),
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
    said = done([str(installed.python), "-I", "-c", LOADING], cwd=installed.elsewhere)

    assert said.split() == list(COMMANDS)


@pytest.mark.slow
@pytest.mark.usefixtures("check")
def test_an_installed_brygga_tells_its_version(installed: Installed) -> None:
    said = done([installed.brygga, "--version"], cwd=installed.elsewhere)

    done([str(installed.python), "-c", "import opentelemetry.sdk, brygga_sandbox"])
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
    """`migrate` makes the embedded database before it. The demo that answers at its address has
    other keys.
    """
    env = {**bare(), **demo.settings(installed.folder / "data")}
    run, place = installed.brygga, installed.elsewhere
    subprocess.run([run, "migrate"], cwd=place, env=env, capture_output=True, check=True)
    words = [run, "doctor", "--json"]
    reported = subprocess.run(words, cwd=place, env=env, capture_output=True, check=False)
    wrong = [one["what"] for one in loads(reported.stdout) if one["verdict"] == "wrong"]

    assert reported.returncode == 1
    address = demo.facts["app"]
    assert wrong == [
        f"{address} is this machine only",
        f"{address}/healthz is a Brygga with other secret keys, or another installation",
    ]


@pytest.mark.slow
def test_an_installed_check_of_a_small_library_is_well(check: "subprocess.Popen[str]") -> None:
    said, complaints = check.communicate(timeout=TIMEOUT_S)

    assert said.startswith("well: 4 of 4 products"), said + complaints
    assert check.returncode == 0


@pytest.mark.slow
def test_uninstalling_takes_the_program_and_leaves_the_data(
    as_tool: tuple[Installed, Tool],
    demo: Demo,
    check: "subprocess.Popen[str]",
) -> None:
    """The last of these: what still runs is ended before."""
    installed, tool = as_tool
    for begun in (check, demo.process):
        begun.send_signal(signal.SIGTERM)
        begun.communicate(timeout=TIMEOUT_S)
    data = installed.folder / "data"
    env = {**bare(), **demo.settings(data)}
    subprocess.run([tool.brygga, "migrate"], cwd=installed.elsewhere, env=env, check=True)
    before = {one.name for one in data.iterdir()}
    tool.run("uninstall", "--quiet", "brygga")

    assert "postgres" in before
    assert before == {one.name for one in data.iterdir()}
    assert not tool.brygga.exists()
    assert not installed.environment.exists()
