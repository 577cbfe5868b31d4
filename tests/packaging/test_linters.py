"""Linters of other makers find nothing in what an operator deploys. Without network: schemas come
with them. `sh -c '. ./scripts/environment.sh; prepare linters'` installs them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
COMPOSE = "vendor.compose-spec"
WORKFLOWS = "vendor.github-workflows"


def lint(tool: str, *words: str) -> str:
    """What the linter says. "" where it finds nothing."""
    if not (TOOLS / tool).exists():
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run(
        [str(TOOLS / tool), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr or "it failed"


def test_the_containerfile_is_clean() -> None:
    assert "" == lint("hadolint", "Containerfile")


def test_the_compose_file_is_one() -> None:
    file = "deploy/container/compose.yaml"

    assert "" == lint("check-jsonschema", "--builtin-schema", COMPOSE, file)


def test_the_workflow_of_public_hosts_is_one() -> None:
    files = [str(file.relative_to(ROOT)) for file in (ROOT / ".github" / "workflows").iterdir()]

    assert files
    assert "" == lint("check-jsonschema", "--builtin-schema", WORKFLOWS, *files)


def test_kubernetes_knows_each_field_of_the_manifest() -> None:
    assert "" == lint("kubernetes-validate", "--strict", "deploy/kubernetes/brygga.yaml")


def test_a_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services: {web: {imagination: x}}\n")

    assert "imagination" in lint("check-jsonschema", "--builtin-schema", COMPOSE, str(wrong))
