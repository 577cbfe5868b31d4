"""The sandbox alone, in an otherwise empty environment, and the service without it."""

import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import requires, version
from json import loads
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.building import ROOT, Installed, bare, done, installed_in

SOURCE = ROOT / "packages" / "sandbox"
MOST_MB = 35
NEEDS_SANDBOX = ("demo", "check", "sandbox", "certify", "bench")
WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "brygga_sandbox":
            raise ModuleNotFoundError("no such module", name=name)

sys.meta_path.insert(0, Missing())
from brygga.cli.commands import run
assert [run([name]) for name in {NEEDS_SANDBOX}] == [2] * {len(NEEDS_SANDBOX)}
"""
MODULES = """
import sys
import brygga_sandbox.__main__, brygga_sandbox.commands.certify
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_sandboxs_wheel_holds_its_package_and_licence(sandbox_wheel: Path) -> None:
    """Nothing of the service is in it, and its three dependencies are all it names."""
    with ZipFile(sandbox_wheel) as packed:
        held = [name for name in packed.namelist() if ".dist-info/" not in name]
        licence = packed.read(
            f"brygga_sandbox-{version('brygga-sandbox')}.dist-info/licenses/LICENSE"
        )

    files = [path for path in (SOURCE / "src").rglob("*") if path.is_file()]
    wanted = [path.relative_to(SOURCE / "src") for path in files if path.suffix != ".pyc"]
    asked = {re.split(r"\W", one)[0] for one in requires("brygga-sandbox") or ()}
    assert sorted(map(str, wanted)) == sorted(held)
    assert {name.partition("/")[0] for name in held} == {"brygga_sandbox"}
    assert licence == (SOURCE / "LICENSE").read_bytes()
    assert {"httpx2", "msgspec", "uvicorn"} == asked


def test_nothing_of_the_sandbox_is_in_the_services_wheel(service_wheel: Path) -> None:
    with ZipFile(service_wheel) as packed:
        held = {name.partition("/")[0] for name in packed.namelist()}

    assert {"brygga", f"brygga-{version('brygga')}.dist-info"} == held


def test_a_service_without_the_sandbox_says_what_to_install() -> None:
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr.splitlines() == [
        f"brygga {name} needs the sandbox, which is not installed: pip install 'brygga[demo]'"
        for name in NEEDS_SANDBOX
    ]


# ---- In an empty environment ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(sandbox_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed_in(tmp_path_factory.mktemp("alone"), [sandbox_wheel])


@pytest.mark.slow
def test_the_sandbox_alone_takes_at_most_35_megabytes(alone: Installed) -> None:
    """With all that it asks for, before anything is compiled."""
    packages = next((alone.environment / "lib").glob("python*/site-packages"))
    files = [path for path in packages.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    print(f"the sandbox with its dependencies: {megabytes:.1f} MB in {len(files)} files")

    assert megabytes <= MOST_MB


@pytest.mark.slow
def test_the_sandbox_alone_loads_nothing_of_the_service(alone: Installed) -> None:
    loaded = done([str(alone.python), "-I", "-c", MODULES], cwd=alone.elsewhere).split()

    assert "brygga_sandbox" in loaded
    assert set(loaded) & {"brygga", "jinja2", "litestar", "sqlalchemy", "pytest"} == set()


@pytest.mark.slow
def test_the_sandbox_alone_is_ready_and_shows_its_pages(alone: Installed) -> None:
    """Started twice: the second start finds everything compiled, and its time is printed."""
    command = [str(alone.environment / "bin" / "brygga-sandbox"), "--json", "--port-base", "0"]
    for _ in range(2):
        began = time.monotonic()
        begun = subprocess.Popen(
            command, cwd=alone.elsewhere, env=bare(), stdout=subprocess.PIPE, text=True
        )
        try:
            assert begun.stdout is not None
            assert select.select([begun.stdout], [], [], 60)[0]
            reported = loads(begun.stdout.readline())
            ready_s = time.monotonic() - began
            for page in (reported["zettle"]["till"], reported["bigcommerce"]["control_panel"]):
                with urllib.request.urlopen(page, timeout=60) as answer:
                    assert b"</html>" in answer.read()
            begun.send_signal(signal.SIGTERM)
            assert begun.wait(60) == 0
        finally:
            begun.kill()
            begun.wait()
    print(f"the sandbox with the demo library is ready after {ready_s:.2f} s")
