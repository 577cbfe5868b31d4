"""A release in one folder: `python scripts/release.py [--into dist]`.

Both packages as wheel and sdist, the documents as text and as a site, a list of everything that
the lock file pins (CycloneDX), its licences, and the checksum of each file. A licence that is not
on `ALLOWED` ends it: read it, decide, and add it here. `--check` looks at the licences and the
version only.
"""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT, ROOT / "packages" / "sandbox")
DOCUMENTS = ("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs", "deploy")
VERSION = re.compile(r"^\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?$")
PIN = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s\\;]+)(.*?)(?=^\S|\Z)", re.M | re.S)
ALLOWED = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "LGPL-3.0-only",  # psycopg: used as a library, unchanged
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
    }
)
"""Licences under which others may be used beside Apache-2.0, unchanged and named."""
NAMES = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Names of licences in older metadata, and those of SPDX."""
ELSEWHERE = {"colorama": "BSD-3-Clause", "httpx2-jsfetch": "BSD-3-Clause"}
"""Pinned for systems other than this one: read where they are installed."""


class Unfit(Exception):
    """Why there is no release, in one line."""


@dataclass(frozen=True, slots=True)
class Pin:
    name: str
    version: str
    hashes: tuple[str, ...]
    licence: str
    """An SPDX expression."""


def version() -> str:
    """Of the service, from the one place where it stands. Raises `Unfit`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = str(project["version"])
    if not VERSION.match(found):
        raise Unfit(f"{found} is no semantic version")
    return found


def pins(text: str) -> list[Pin]:
    return [
        Pin(name, number, tuple(re.findall(r"sha256:([0-9a-f]{64})", rest)), licence_of(name))
        for name, number, rest in PIN.findall(text)
    ]


def licence_of(name: str) -> str:
    """As the package's own metadata names it; "" where it names none that we know."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    said = [one.split("::")[-1].strip() for one in metadata.get_all("Classifier") or []]
    by_classifier = [NAMES[one] for one in said if one in NAMES]
    written = (metadata.get("License") or "").strip().splitlines()[:1]
    if written and (words := NAMES.get(written[0], written[0])) in ALLOWED:
        return str(words)
    return " OR ".join(dict.fromkeys(by_classifier))


def forbidden(found: Sequence[Pin]) -> list[str]:
    """Those whose licence nobody has allowed."""
    wrong = []
    for one in found:
        words = re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", one.licence)
        parts = [word for word in words if word]
        if not parts or not set(parts) <= ALLOWED:
            wrong.append(f"{one.name} {one.version}: {one.licence or 'no licence is named'}")
    return wrong


def allowed(found: Sequence[Pin]) -> Sequence[Pin]:
    """Raises `Unfit`."""
    if wrong := forbidden(found):
        raise Unfit("licences to decide about: " + "; ".join(wrong))
    return found


def bill(found: Sequence[Pin], release: str) -> Mapping[str, object]:
    """The list of components, by CycloneDX 1.6."""
    own = {"type": "application", "name": "brygga", "version": release, "bom-ref": "brygga"}
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{one.name}@{one.version}",
            "name": one.name,
            "version": one.version,
            "purl": f"pkg:pypi/{one.name}@{one.version}",
            "licenses": [{"expression": one.licence}],
            "hashes": [{"alg": "SHA-256", "content": content} for content in one.hashes],
        }
        for one in found
    ]
    references = [one["bom-ref"] for one in components]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": "brygga", "dependsOn": references}],
    }


def licences(found: Sequence[Pin]) -> str:
    return "".join(f"{one.name} {one.version}: {one.licence}\n" for one in found)


def build(into: Path) -> None:
    for package in PACKAGES:
        for target in ("sdist", "wheel"):
            command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
            done = subprocess.run(  # noqa: S603 - our own words only
                command, cwd=package, capture_output=True, text=True, check=False
            )
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["hatchling says nothing"])[-1]
                raise Unfit(f"{package.name} cannot be built as {target}: {last}")


def checksums(folder: Path) -> str:
    """As `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in sorted(folder.iterdir())
        if file.name != "SHA256SUMS"
    )


def pages() -> Path:
    """The folder of the documents as a site. Raises `Unfit`."""
    if importlib.util.find_spec("mkdocs") is None:
        raise Unfit("MkDocs is not installed: `./site build` adds it, --no-site does without")
    done = subprocess.run(  # noqa: S603 - our own words only
        [sys.executable, str(ROOT / "scripts" / "docs_site.py"), "build"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unfit(f"the site cannot be built: {done.stderr.strip().splitlines()[-1:]}")
    return Path(done.stdout.strip())


def release(into: Path, found: Sequence[Pin], number: str, *, site: bool = True) -> None:
    if into.exists() and any(into.iterdir()):
        raise Unfit(f"{into} is not empty")
    into.mkdir(parents=True, exist_ok=True)
    build(into)
    with tarfile.open(into / f"brygga-docs-{number}.tar.gz", "w:gz") as archive:
        for name in DOCUMENTS:
            archive.add(ROOT / name, f"brygga-docs-{number}/{name}", filter=_plain)
    if site:
        with tarfile.open(into / f"brygga-site-{number}.tar.gz", "w:gz") as archive:
            archive.add(pages(), f"brygga-site-{number}", filter=_plain)
    text = json.dumps(bill(found, number), indent=2) + "\n"
    (into / f"brygga-{number}.cdx.json").write_text(text, encoding="utf-8")
    (into / "licences.txt").write_text(licences(found), encoding="utf-8")
    (into / "SHA256SUMS").write_text(checksums(into), encoding="utf-8")


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of who built it, and when."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Builds a release.")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="an empty folder")
    parser.add_argument("--no-site", action="store_true", help="without the documents as a site")
    parser.add_argument("--check", action="store_true", help="only licences and version")
    asked = parser.parse_args(words)
    try:
        number = version()
        found = allowed(pins((ROOT / "requirements.lock").read_text(encoding="utf-8")))
        if not asked.check:
            release(asked.into, found, number, site=not asked.no_site)
    except Unfit as unfit:
        sys.stderr.write(f"{unfit}\n")
        return 1
    what = "may be used" if asked.check else f"are listed in {asked.into}"
    sys.stdout.write(f"brygga {number}: {len(found)} packages {what}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
