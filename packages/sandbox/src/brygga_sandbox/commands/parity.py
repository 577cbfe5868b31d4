"""Write the parity table: each operation, and how much is known of the real one."""

import argparse
import asyncio
import sys
from pathlib import Path

from brygga_sandbox.parity import table


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write it there, not to the screen"
    )


def run(asked: argparse.Namespace) -> int:
    text = asyncio.run(table())
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0
