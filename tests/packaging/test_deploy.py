"""What deploy/ and the Containerfile say holds: no engine runs here, so each is read, linted, and
its commands are tried.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from brygga.cli import commands, serve, worker
from brygga.settings import PREFIX

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SETTINGS = set(re.findall(rf"`({PREFIX}[A-Z_]+)`", (ROOT / "README.md").read_text()))


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def parsed(command: list[str]) -> None:
    """Raises SystemExit where the command line does not know one of the words."""
    parser = argparse.ArgumentParser()
    {"serve": serve, "worker": worker}[command[0]].add(parser)
    parser.parse_args(command[1:])


# ---- The image -----------------------------------------------------------------------------------


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_lives() -> None:
    found = instructions()
    last = [index for index, (name, _) in enumerate(found) if name == "FROM"][-1]
    stage = dict(found[last:])

    assert stage["USER"].isdigit()
    assert int(stage["USER"]) > 0
    assert "/healthz" in stage["HEALTHCHECK"]
    assert "ADD" not in dict(found)
    assert all(":latest" not in text for name, text in found if name == "FROM")
    assert not any("SECRET" in text for name, text in found if name in ("ENV", "ARG"))


def test_the_image_starts_with_a_command_that_there_is() -> None:
    stage = dict(instructions())

    assert '["brygga"]' == stage["ENTRYPOINT"]
    parsed(yaml.safe_load(stage["CMD"]))


@pytest.mark.slow
def test_what_the_image_copies_is_enough_to_build_the_wheel(tmp_path: Path) -> None:
    """And .dockerignore lets all of it through."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name, text in instructions():
        if name != "COPY" or "--from" in text:
            continue
        *sources, target = text.split()
        for source in sources:
            assert f"!{source}" in ignored
            path = tmp_path / (target if len(sources) == 1 else source)
            path.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, path, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, path)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert 1 == len([*tmp_path.glob("dist/brygga-*.whl")])


# ---- Compose -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text())
    return found


def test_what_the_services_name_is_there(compose: Mapping[str, Any]) -> None:
    services = compose["services"]
    for one in services.values():
        assert set(one.get("depends_on", ())) <= services.keys()
        assert set(one["networks"]) <= compose["networks"].keys()
        for volume in one.get("volumes", ()):
            source = volume.split(":")[0]
            there = (DEPLOY / "container" / source).exists() or source in compose["volumes"]
            assert there, source
    build = services["web"]["build"]
    assert (DEPLOY / "container" / build["context"] / build["dockerfile"]).resolve().exists()


def test_our_services_run_what_there_is_and_hold_no_secret(compose: Mapping[str, Any]) -> None:
    for name in ("web", "worker"):
        one = compose["services"][name]
        parsed(one["command"])
        assert set(one["environment"]) <= SETTINGS
        assert one["read_only"]
        assert ["ALL"] == one["cap_drop"]
        assert "ports" not in one, "only the proxy is reached from outside"
    text = (DEPLOY / "container" / "compose.yaml").read_text()
    assert not re.search(r"PASSWORD: (?!\$\{)", text)


def test_the_proxy_is_believed_and_the_example_names_what_must_be_set(
    compose: Mapping[str, Any],
) -> None:
    (network,) = compose["networks"]["inside"]["ipam"]["config"]
    example = set(
        re.findall(r"^(\w+)=", (DEPLOY / "container" / "example.env").read_text(), re.MULTILINE)
    )
    caddy = (DEPLOY / "container" / "Caddyfile").read_text()

    assert network["subnet"] == compose["services"]["web"]["environment"]["BRYGGA_TRUSTED_PROXIES"]
    assert example <= SETTINGS
    assert {"BRYGGA_SECRET_KEYS", "BRYGGA_CONTACT_EMAIL"} <= example
    assert caddy.count("{") == caddy.count("}")
    assert "reverse_proxy web:8700" in caddy


# ---- systemd -------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("this machine has no systemd-analyze")
    program = tmp_path / "brygga"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for one in UNITS:
        text = one.read_text().replace("/opt/brygga/bin/brygga", str(program))
        (tmp_path / one.name).write_text(text)
    done = subprocess.run(
        [tool, "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )
    said = [line for line in done.stderr.splitlines() if unit.name in line or "brygga" in line]

    assert [] == said


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_there_is(unit: Path) -> None:
    for line in re.findall(r"^ExecStart=.*?/brygga (.*)$", unit.read_text(), re.MULTILINE):
        words = line.strip("'").split()
        assert words[0] in commands.COMMANDS
        if words[0] in ("serve", "worker"):
            parsed(words)


# ---- Kubernetes ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    return [*yaml.safe_load_all((DEPLOY / "kubernetes" / "brygga.yaml").read_text())]


def deployments(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (one for one in objects if one["kind"] == "Deployment")


def test_selectors_find_their_pods(objects: list[dict[str, Any]]) -> None:
    pods = [one["spec"]["template"]["metadata"]["labels"] for one in deployments(objects)]
    for one in objects:
        selector = one["spec"].get("selector", {})
        wanted = selector.get("matchLabels", selector)
        if wanted:
            assert any(wanted.items() <= labels.items() for labels in pods), one["metadata"]["name"]


def test_pods_are_confined_and_probed_where_we_answer(objects: list[dict[str, Any]]) -> None:
    for one in deployments(objects):
        spec = one["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        names = [port["name"] for port in container["ports"]]
        parsed(container["args"])
        assert spec["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        assert "memory" in container["resources"]["limits"]
        probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness")]
        assert {("/healthz", "http")} == {(probe["path"], probe["port"]) for probe in probes}
        assert "/readyz" == container["readinessProbe"]["httpGet"]["path"]
        assert ["http"] == names
        assert spec["terminationGracePeriodSeconds"] > 10


def test_the_ingress_leads_to_the_service(objects: list[dict[str, Any]]) -> None:
    kinds = {one["kind"]: one for one in objects}
    (rule,) = kinds["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]

    assert backend["name"] == kinds["Service"]["metadata"]["name"]
    assert backend["port"]["name"] in [port["name"] for port in kinds["Service"]["spec"]["ports"]]
    assert [rule["host"]] == kinds["Ingress"]["spec"]["tls"][0]["hosts"]
