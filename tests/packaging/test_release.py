"""One command makes a release, and no licence slips into it."""

import hashlib
import importlib.util
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "scripts" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["release"] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


def test_every_licence_is_known_and_allowed(release: ModuleType) -> None:
    found = release.pins(LOCK)

    assert [] == release.forbidden(found)
    assert len(found) > 60
    assert all(one.hashes for one in found)


@pytest.mark.parametrize("licence", ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "Proprietary"])
def test_a_licence_that_nobody_allowed_ends_it(release: ModuleType, licence: str) -> None:
    pin = release.Pin("left-pad", "1.0", (), licence)

    assert 1 == len(release.forbidden([pin]))


def test_the_bill_names_each_package_once_with_its_checksum(release: ModuleType) -> None:
    found = release.pins(LOCK)
    bill = release.bill(found, "1.2.3")
    names = [one["purl"] for one in bill["components"]]

    assert ("CycloneDX", "1.6", "1.2.3") == (
        bill["bomFormat"],
        bill["specVersion"],
        bill["metadata"]["component"]["version"],
    )
    assert len(names) == len(set(names)) == len(found)
    assert sorted(names) == sorted(bill["dependencies"][0]["dependsOn"])
    assert all(one["hashes"] for one in bill["components"])


@pytest.mark.slow
def test_a_release_holds_all_and_its_checksums(release: ModuleType, tmp_path: Path) -> None:
    into = tmp_path / "dist"
    has_site = importlib.util.find_spec("mkdocs") is not None
    words = ["--into", str(into), *([] if has_site else ["--no-site"])]
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "release.py"), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    number = release.version()

    assert 0 == done.returncode, done.stderr
    assert {
        f"brygga-{number}-py3-none-any.whl",
        f"brygga-{number}.tar.gz",
        f"brygga-{number}.cdx.json",
        f"brygga-docs-{number}.tar.gz",
        "licences.txt",
        "SHA256SUMS",
        *([f"brygga-site-{number}.tar.gz"] if has_site else []),
    } <= {one.name for one in into.iterdir()}
    assert 2 == len([*into.glob("brygga_sandbox-*")])
    for line in (into / "SHA256SUMS").read_text().splitlines():
        content, name = line.split("  ")
        assert hashlib.sha256((into / name).read_bytes()).hexdigest() == content
    assert json.loads((into / f"brygga-{number}.cdx.json").read_text())
    with tarfile.open(into / f"brygga-docs-{number}.tar.gz") as archive:
        assert f"brygga-docs-{number}/docs/operating.md" in archive.getnames()
    with tarfile.open(into / f"brygga-{number}.tar.gz") as archive:
        assert not [name for name in archive.getnames() if name.endswith(".png")]
    again = release.main(["--into", str(into)])
    assert again == 1, "it is not empty"
