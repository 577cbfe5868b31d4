"""Both wheels, built once."""

from pathlib import Path

import pytest

from tests.packaging.building import ROOT, SANDBOX, SERVICE, wheel_of


@pytest.fixture(scope="package")
def service_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(ROOT, SERVICE, tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="package")
def sandbox_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(ROOT / "packages" / "sandbox", SANDBOX, tmp_path_factory.mktemp("sandbox"))
