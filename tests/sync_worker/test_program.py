"""The name of the program's version, by which work that failed is tried again after an upgrade."""

import sys
from importlib import metadata
from pathlib import Path

from brygga.sync.worker.program import packages, program


def test_every_installed_package_counts_with_its_version() -> None:
    found = packages(sys.path)

    missed = [
        each.name
        for each in metadata.distributions()
        if not any(name.endswith(f"-{each.version}.dist-info") for name in found)
    ]
    assert [] == missed
    assert len(found) > 20


def test_a_package_of_another_version_is_another_program(tmp_path: Path) -> None:
    before = tmp_path / "httpx2-1.0.dist-info"
    before.mkdir()
    (tmp_path / "httpx2").mkdir()
    old = packages([str(tmp_path), str(tmp_path / "nothing.zip")])
    before.rename(tmp_path / "httpx2-1.1.dist-info")

    assert (["httpx2-1.0.dist-info"], ["httpx2-1.1.dist-info"]) == (
        old,
        packages([str(tmp_path)]),
    )


def test_the_program_of_one_process_is_always_the_same() -> None:
    assert program() == program()
    assert metadata.version("brygga") == program().partition("+")[0]
