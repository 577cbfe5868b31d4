"""`brygga-sandbox certify`: put the platforms' open questions to a real test account and store, or
rehearse them at the sandbox.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.certify import Certificate, as_json, as_markdown, rehearse
from brygga_sandbox.certify.live import Keys, certify_live, keys_of


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the certificate is written",
    )
    parser.add_argument("--json", action="store_true", help="print the certificate as JSON")


def run(asked: argparse.Namespace) -> int:
    """0: every rule holds and nothing is left behind. 1: otherwise. 2: the credentials are
    unusable.
    """
    try:
        keys = keys_of(os.environ)
        asked.out.mkdir(parents=True, exist_ok=True)
        certificate = asyncio.run(_certify(keys, asked.out / "certificate.unfinished.json"))
    except (ValueError, KeyError, httpx2.HTTPError) as error:
        print(f"certify: {error}", file=sys.stderr)
        return 2
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("certify: stopped; what was made is removed", file=sys.stderr)
        return 1
    write(certificate, asked.out)
    if asked.json:
        print(json.dumps(as_json(certificate, switches()), indent=2))
    else:
        print(as_markdown(certificate, switches()).partition("## Evidence")[0].rstrip())
        print(f"\nWritten: {asked.out / 'certificate.md'} and certificate.json", file=sys.stderr)
    return 0 if certificate.good else 1


async def _certify(keys: Keys, journal: Path) -> Certificate:
    """The live account if there are credentials, otherwise the sandbox. A normal stop still cleans
    up.
    """
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    if keys.shop or keys.till:
        return await certify_live(keys, journal)
    certificate, sandbox = await rehearse()
    await sandbox.stop()
    return certificate


def switches() -> dict[str, dict[str, Any]]:
    """The sandbox's own readings, for comparison with the answers."""
    return {"shop": asdict(bigcommerce.Switches()), "till": asdict(zettle.Switches())}


def write(certificate: Certificate, folder: Path) -> None:
    """Both forms of the certificate."""
    (folder / "certificate.md").write_text(as_markdown(certificate, switches()), encoding="utf-8")
    text = json.dumps(as_json(certificate, switches()), indent=2, ensure_ascii=False)
    (folder / "certificate.json").write_text(text + "\n", encoding="utf-8")
